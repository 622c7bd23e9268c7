import * as z from 'zod/mini';
import { Cursors, Rev, Seq, StreamNameSchema, Timestamp, Uuid } from './common.ts';
import { Entity, PresenceState, StreamDelta, User } from './entities.ts';
import { LIMITS } from './limits.ts';

/** WebSocket frames of `/api/v1/connect`: one JSON object with `type` per message. Strict from the client, loose from the server. */

export const HelloFrame = z.strictObject({
  type: z.literal('hello'),
  token: z.optional(z.string().check(z.maxLength(512))),
  device_id: z.optional(Uuid),
  protocol: z.optional(z.number().check(z.int(), z.positive())),
  cursors: Cursors,
  looking_at: z.optional(z.array(Uuid).check(z.maxLength(LIMITS.looked_at))),
});
export const AckFrame = z.strictObject({ type: z.literal('ack'), cursors: Cursors });
export const LookFrame = z.strictObject({
  type: z.literal('look'),
  channel_ids: z.array(Uuid).check(z.maxLength(LIMITS.looked_at)),
  user_ids: z.optional(z.array(Uuid).check(z.maxLength(LIMITS.users_per_call))),
});
export const TypingFrame = z.strictObject({ type: z.literal('typing'), channel_id: Uuid, parent_message_id: z.optional(z.nullable(Uuid)) });
/** `online` and `away` tell whether the person is active at this device; `dnd` is set by `/set_presence`. */
export const PresenceFrame = z.strictObject({ type: z.literal('presence'), state: z.enum(['online', 'away']) });
export const PingFrame = z.strictObject({ type: z.literal('ping'), t: z.number() });

export const ClientFrame = z.discriminatedUnion('type', [HelloFrame, AckFrame, LookFrame, TypingFrame, PresenceFrame, PingFrame]);
export type ClientFrame = z.infer<typeof ClientFrame>;

const Heads = z.record(StreamNameSchema, z.tuple([Rev, Seq]));

export const WelcomeFrame = z.looseObject({
  type: z.literal('welcome'),
  connection_id: z.string(),
  user_id: Uuid,
  server_time: Timestamp,
  incarnation: Uuid,
  heartbeat_ms: z.number(),
  live: z.enum(['full', 'polling']),
});
/** Where each followed stream starts: `[rev, seq]`; seq is 0 for streams without. */
export const HeadsFrame = z.looseObject({ type: z.literal('heads'), streams: Heads });
export const DeltaFrame = z.extend(StreamDelta, { type: z.literal('delta') });
/** All that changed in (from, rev], in its state then or later. */
export const LiveFrame = z.looseObject({ type: z.literal('live'), stream: StreamNameSchema, from: Rev, rev: Rev, entities: z.array(Entity) });
/** Something changed; fetch when it matters. */
export const HeadFrame = z.looseObject({ type: z.literal('head'), stream: StreamNameSchema, head_rev: Rev, head_seq: z.optional(Seq) });
export const TypingNotice = z.looseObject({ type: z.literal('typing'), channel_id: Uuid, user_id: Uuid, parent_message_id: z.optional(z.nullable(Uuid)) });
export const PresenceNotice = z.looseObject({ type: z.literal('presence'), user_id: Uuid, state: PresenceState });
export const PeopleFrame = z.looseObject({ type: z.literal('people'), users: z.array(User) });
/** `heads` are of streams that moved and were not acknowledged: it heals a lost last frame. */
export const PongFrame = z.looseObject({ type: z.literal('pong'), t: z.number(), server_time: Timestamp, heads: z.optional(Heads) });
export const ByeFrame = z.looseObject({ type: z.literal('bye'), code: z.number(), retry_after_ms: z.number() });

export const ServerFrame = z.discriminatedUnion('type', [
  WelcomeFrame, HeadsFrame, DeltaFrame, LiveFrame, HeadFrame, TypingNotice, PresenceNotice, PeopleFrame, PongFrame, ByeFrame,
]);
export type ServerFrame = z.infer<typeof ServerFrame>;

export const CLOSE = {
  not_authenticated: 4001,
  bad_frame: 4002,
  revoked: 4003,
  resync: 4008,
  too_many: 4009,
  restarting: 1012,
  too_big: 1009,
} as const;
