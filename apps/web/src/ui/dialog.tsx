import { lazy, Suspense, type ReactNode, type RefObject } from 'react';

/** Fetched once the page is idle: no dialog is open at the first paint. */
export const loadDialog = () => import('./dialog-view.tsx');
const View = lazy(() => loadDialog().then((module) => ({ default: module.DialogView })));

export interface DialogProps {
  title: string;
  /** One sentence under the title, which is also the dialog's description. */
  text?: ReactNode;
  /** The name of the button that closes it. */
  closeLabel: string;
  onClose(): void;
  /** Buttons at the end; the harmless one first. */
  actions?: ReactNode;
  wide?: boolean;
  /** Takes the focus first; without it the first field or button. */
  initialFocus?: RefObject<HTMLElement | null>;
  /** Makes the body and the actions one form. */
  onSubmit?(): void;
  /** Holds text: neither Esc nor a click outside closes it without asking. */
  guard?(): boolean;
  children?: ReactNode;
}

/** A modal dialog. It is mounted while open; closing gives the focus back to what opened it. */
export function Dialog(props: DialogProps) {
  return <Suspense fallback={null}><View {...props} /></Suspense>;
}
