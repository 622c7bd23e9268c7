/**
 * The only place that knows whether this is a browser tab or the desktop application. The desktop's preload script
 * leaves a bridge on the window; a tab has none.
 */
export interface DesktopBridge {
  readonly os: 'mac' | 'windows' | 'linux';
  setBadge(count: number, dot: boolean): void;
}

declare global {
  interface Window {
    parleyDesktop?: DesktopBridge;
  }
}

const bridge = typeof window === 'undefined' ? undefined : window.parleyDesktop;
const agent = typeof navigator === 'undefined' ? '' : navigator.userAgent;

export const platform = {
  kind: bridge ? ('desktop' as const) : ('web' as const),
  isMac: bridge ? bridge.os === 'mac' : /Mac OS X|iPhone|iPad/.test(agent),
  bridge,
  /** What the list of devices shows, such as “Chrome on Linux”. */
  deviceName: describeDevice(agent),
  /** Sent with every sign-in. */
  platformName: bridge ? 'desktop' : 'web',
} as const;

/** The client's and the system's common names, from the user agent. */
export function describeDevice(userAgent: string): string {
  const client = /Firefox\//.test(userAgent) ? 'Firefox' : /Edg\//.test(userAgent) ? 'Edge' : /Chrom(e|ium)\//.test(userAgent) ? 'Chrome' : /Safari\//.test(userAgent) ? 'Safari' : 'Browser';
  const system = /Android/.test(userAgent) ? 'Android' : /iPhone|iPad/.test(userAgent) ? 'iOS' : /Mac OS X/.test(userAgent) ? 'macOS' : /Windows/.test(userAgent) ? 'Windows' : /Linux/.test(userAgent) ? 'Linux' : 'unknown';
  return `${client} · ${system}`;
}

/** The nonce of this page's content security policy, for libraries that must add a style element. */
export const cspNonce = (): string | undefined => {
  const value = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce;
  return value === undefined || value === '' ? undefined : value;
};
