import library from 'web-push';
import type { PushMessage, PushTarget } from '../port.ts';

/** The key pair by which browsers know this server, base64url (RFC 8292). */
export interface VapidKeys {
  publicKey: string;
  privateKey: string;
}

export const newVapidKeys = (): VapidKeys => library.generateVAPIDKeys();

/**
 * The request that tells a browser: the payload encrypted for it (RFC 8291), so that the push service reads none of it, and
 * signed (RFC 8292). The library only makes it; its own sending is used nowhere, since egress alone opens connections.
 * @throws Error when the device's keys are none
 */
export function vapidRequest(target: Extract<PushTarget, { kind: 'web' }>, message: PushMessage, vapid: VapidKeys & { subject: string }): { headers: Record<string, string>; body: Buffer } {
  const details = library.generateRequestDetails({ endpoint: target.endpoint, keys: { p256dh: target.p256dh, auth: target.auth } }, JSON.stringify(message.payload), {
    vapidDetails: vapid, TTL: message.ttlSeconds, topic: message.collapse, contentEncoding: 'aes128gcm', urgency: message.payload.kind === 'show' ? 'high' : 'normal',
  });
  return { headers: Object.fromEntries(Object.entries(details.headers).map(([name, value]) => [name, String(value)])), body: details.body! };
}
