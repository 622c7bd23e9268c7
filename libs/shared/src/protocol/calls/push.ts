import * as z from 'zod/mini';
import { defineCall } from '../call.ts';
import { text } from '../common.ts';

export const PushKind = z.enum(['web', 'fcm', 'apns']);
export type PushKind = z.infer<typeof PushKind>;

export const pushSubscribe = defineCall({
  path: 'push_subscribe', method: 'POST', auth: 'session', status: 200, summary: 'Have this device told while nobody looks; ends with the session',
  request: z.strictObject({
    kind: PushKind,
    /** Of `web`: what the browser's `PushSubscription` says. */
    endpoint: z.optional(text(2_048, 1)),
    keys: z.optional(z.strictObject({ p256dh: text(200, 1), auth: text(100, 1) })),
    /** Of `fcm` and `apns`: the app's registration. */
    token: z.optional(text(4_096, 1)),
    /** Of what is said, as a language tag. */
    language: z.optional(text(35)),
  }),
  response: z.looseObject({ kind: PushKind }),
});
export const pushUnsubscribe = defineCall({ path: 'push_unsubscribe', method: 'POST', auth: 'session', status: 204, summary: 'Have this device told no longer', request: z.strictObject({}), response: z.undefined() });

/** What a push carries, encrypted where the service allows it: what to show and under which tag, or that it is over. */
export const PushPayload = z.union([
  z.looseObject({
    kind: z.literal('show'), account: z.string(), tag: z.string(), title: z.string(), body: z.string(), path: z.string(),
    /** What it stands for, so that a page can take it back. */
    items: z.array(z.looseObject({ entry: z.string(), key: z.string() })),
  }),
  z.looseObject({ kind: z.literal('withdraw'), account: z.string(), tag: z.string() }),
]);
export type PushPayload = z.infer<typeof PushPayload>;
