import type { PushKind, PushPayload } from '@parley/shared/protocol/calls/push';

/** Where a device is told: what it gave when it subscribed. */
export type PushTarget =
  | { kind: 'web'; endpoint: string; p256dh: string; auth: string }
  | { kind: 'fcm'; token: string }
  | { kind: 'apns'; token: string };

export interface PushMessage {
  payload: PushPayload;
  /** At most 32 characters of base64url: what waits at the service under the same one is replaced. */
  collapse: string;
  /** How long the service keeps trying. */
  ttlSeconds: number;
}

export type PushOutcome =
  | { kind: 'sent' }
  /** The device is there no more; it is not to be told again. */
  | { kind: 'gone' }
  /** For certain not taken, and may be tried again after a while; null: no time was named. */
  | { kind: 'refused'; retryAfterMs: number | null; detail: string }
  /** For certain not taken, and never will be. */
  | { kind: 'never'; detail: string }
  /** It may have been taken: trying again could show it twice. */
  | { kind: 'unknown'; detail: string };

/** One service. */
export interface PushAdapter<T extends PushTarget = PushTarget> {
  /** Never rejects. */
  send(target: T, message: PushMessage): Promise<PushOutcome>;
  close(): Promise<void>;
}

/** The push port: tells one device, by the service that it named. */
export interface Push extends PushAdapter {
  /** The services that this server can use. */
  readonly kinds: readonly PushKind[];
  /** The VAPID public key, base64url; null when browsers cannot be told. */
  readonly webKey: string | null;
}

/** A server that tells no device. */
export const noPush: Push = {
  kinds: [], webKey: null,
  send: () => Promise.resolve({ kind: 'never', detail: 'push is off' }),
  close: () => Promise.resolve(),
};
