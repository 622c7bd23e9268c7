import { isEntryRead } from '@parley/shared/domain/inbox';
import { decide } from '@parley/shared/domain/notify';
import { eventOfEntry, keyOfEntry } from '@parley/shared/domain/notify-entry';
import { NOTIFY_KEYS, readNotifyPreferences, type NotifyPreferences } from '@parley/shared/domain/notify-preferences';
import { userStream } from '@parley/shared/domain/streams';
import { microsToIso, timeToMicros } from '@parley/shared/domain/timestamp';
import type { InboxEntry, Preference } from '@parley/shared/protocol/entities';
import { LIMITS } from '@parley/shared/protocol/limits';
import type { ReadTx } from '../../storage/port.ts';
import { entities, messages, users, type ChannelRow, type MessageRow, type UserRow } from '../../storage/tables.ts';
import { accessTo, allows } from '../channels/channel-access.ts';
import { INBOX_TYPE } from '../inbox/inbox-entries.ts';
import { positionsOf } from '../inbox/inbox.service.ts';
import { membershipRow } from '../membership/memberships.ts';
import { findMessage, messageFacts } from '../messages/find-message.ts';
import { allOwn } from '../own-entities.ts';

/** What belongs together on a device: a channel's, or one that has no channel. */
export const tagOf = (entry: Pick<InboxEntry, 'channel_id' | 'id'>): string => entry.channel_id ?? entry.id;

/** A person as notifications see them. */
export interface Recipient {
  user: UserRow;
  preferences: Readonly<Record<string, unknown>>;
  chosen: NotifyPreferences;
}

/** Undefined when there is no such account any more. */
export async function recipientOf(tx: ReadTx, userId: string, nowUs: number): Promise<Recipient | undefined> {
  const user = await tx.get(users, [userId]);
  if (!user || user.doc.deactivated) return undefined;
  const stored = Object.fromEntries((await allOwn<Preference>(tx, userId, 'preference', LIMITS.preferences)).map(({ key, value }) => [key, value]));
  // By hand it is a presence, with an end or without.
  const quiet = user.presence === 'dnd' && (user.presence_until === null || user.presence_until > nowUs);
  const preferences = quiet ? { ...stored, [NOTIFY_KEYS.dndUntil]: microsToIso(user.presence_until ?? FOREVER_US) } : stored;
  return { user, preferences, chosen: readNotifyPreferences(preferences) };
}
const FOREVER_US = Date.UTC(9999, 11, 31) * 1_000;

/** An entry that is unread and may be seen, with what it is about. */
export interface Standing {
  entry: InboxEntry;
  key: string;
  channel: ChannelRow | null;
  message: MessageRow | null;
}

/** The entry as it stands for the person now; undefined when it was read or is gone, or when they may not see what it is about. */
export async function standing(tx: ReadTx, { user }: Recipient, entry: InboxEntry): Promise<Standing | undefined> {
  if (isEntryRead(entry, await positionsOf(tx, user.id, entry))) return undefined;
  const key = keyOfEntry(entry);
  if (entry.channel_id === undefined) return { entry, key, channel: null, message: null };
  const access = await accessTo(tx, actorRef(user), entry.channel_id);
  if (!access || !access.member || allows(access, 'channel.view') !== 'allowed') return undefined;
  const message = entry.message_id === undefined ? null : ((await findMessage(tx, { channel_id: entry.channel_id, message_id: entry.message_id })) ?? null);
  if (entry.message_id !== undefined && (!message || message.doc.deleted || message.seq <= access.row.doc.purged_through_seq || allows(access, 'channel.view', messageFacts(message)) !== 'allowed')) return undefined;
  return { entry, key, channel: access.row, message };
}

const actorRef = (user: UserRow) => ({ user_id: user.id, server_role: user.server_role });

/** Unread entries since a time, newest first; of one tag, or all. */
export async function standingSince(tx: ReadTx, recipient: Recipient, sinceUs: number, tag: string | null, limit: number): Promise<Standing[]> {
  const rows = await tx.find(entities, { index: 'by_sort', prefix: [userStream(recipient.user.id), INBOX_TYPE], gte: microsToIso(sinceUs), reverse: true, limit });
  const found: Standing[] = [];
  for (const row of rows) {
    const entry = row.doc as InboxEntry;
    if (tag !== null && tagOf(entry) !== tag) continue;
    const one = await standing(tx, recipient, entry);
    if (one) found.push(one);
  }
  return found;
}

/**
 * Since when there is something to tell of an entry, in microseconds. One of a conversation or thread moves to the newest
 * message, so it is the first unread one behind what was told: else a lively conversation would put its own news off for ever.
 */
export async function newsSince(tx: ReadTx, recipient: Recipient, { entry, message }: Standing, toldUs: number): Promise<number> {
  const own = timeToMicros(entry.at);
  if (!message || (entry.kind !== 'dm' && entry.kind !== 'thread')) return own;
  const read = await positionsOf(tx, recipient.user.id, entry);
  const place = entry.kind === 'dm' ? { index: 'by_counted', prefix: [message.channel_id], gt: read.channel ?? 0 } : { index: 'by_reply', prefix: [message.channel_id, message.parent_message_id!], gt: read.thread ?? 0 };
  const unread = await tx.find(messages, { ...place, limit: LOOKED_AT });
  return unread.find((row) => row.author_id !== recipient.user.id && row.created_us > toldUs)?.created_us ?? own;
}
const LOOKED_AT = 100;

/** What the decision function says about pushing it; `active`: one of the person's devices is in use. */
export async function decidePush(tx: ReadTx, recipient: Recipient, { entry, message }: Standing, nowMs: number, active: boolean): Promise<{ push: boolean; waits: boolean }> {
  const me = recipient.user.id;
  const event = eventOfEntry(entry, message?.doc ?? null, me);
  if (!event) return { push: false, waits: false };
  // Whom `<!here>` meant was found out when it was sent.
  if (event.everyone === 'here') event.named ||= (message?.targets ?? []).includes(me);
  const membership = entry.channel_id === undefined ? undefined : await membershipRow(tx, me, entry.channel_id);
  const setting = membership && !membership.doc.deleted ? { level: membership.doc.level, muted: membership.doc.muted } : { level: 'default' as const, muted: false };
  const devices = active ? [{ here: false, activeAt: nowMs, inFront: true, looking: false }] : [];
  const decision = decide(event, me, setting, { following: entry.kind === 'thread' }, recipient.preferences, nowMs, devices);
  return { push: decision.push, waits: !decision.push && decision.why.some(({ rule }) => rule === 'device_active') };
}
