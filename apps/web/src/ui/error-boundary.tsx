import { Component, type ReactNode } from 'react';

interface Props {
  /** A change of this lets the part try again, such as the address. */
  resetKey?: string;
  fallback(failure: { error: Error; id: string; retry(): void }): ReactNode;
  children: ReactNode;
}

/** LST-31: keeps a failure inside its part of the page. */
export class ErrorBoundary extends Component<Props, { failure: { error: Error; id: string } | null; resetKey: string | undefined }> {
  override state: { failure: { error: Error; id: string } | null; resetKey: string | undefined } = { failure: null, resetKey: this.props.resetKey };

  static getDerivedStateFromError(error: unknown) {
    const id = Array.from(crypto.getRandomValues(new Uint8Array(5)), (byte) => byte.toString(16).padStart(2, '0')).join('');
    return { failure: { error: error instanceof Error ? error : new Error(String(error)), id } };
  }

  static getDerivedStateFromProps(props: Props, state: { resetKey: string | undefined }) {
    return props.resetKey === state.resetKey ? null : { failure: null, resetKey: props.resetKey };
  }

  override componentDidCatch(error: unknown): void {
    console.error(error);
  }

  override render(): ReactNode {
    const { failure } = this.state;
    if (failure === null) return this.props.children;
    return this.props.fallback({ ...failure, retry: () => this.setState({ failure: null }) });
  }
}
