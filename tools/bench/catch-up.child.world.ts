import { createHash, randomFillSync, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { channelStream, userStream } from '@parley/shared/domain/streams';
import type { Row } from '../../apps/server/src/storage/port.ts';
import { openSqliteStore } from '../../apps/server/src/storage/sqlite/sqlite-store.ts';
import { messageDoc } from './fanout.child.commands.ts';

export const CHANNELS = 1_000;
/** Messages of the largest channel, all unread. */
export const LARGE = 200_000;
/** Messages of each other channel; those of every second one are unread. */
const FEW = 20;
const PUT = 500;

export interface CatchUpWorld {
  token: string;
  userId: string;
  /** The first one is the largest. */
  channels: string[];
  /** Unread channels, counted as the data was made. */
  unread: number;
}

/** A data directory in which one person is in 1,000 channels, half of them unread, one by 200,000 messages with mentions. */
export async function buildWorld(data: string): Promise<CatchUpWorld> {
  mkdirSync(data, { recursive: true });
  const store = await openSqliteStore({ file: join(data, 'parley.db'), commandsModule: new URL('./fanout.child.commands.ts', import.meta.url).href });
  const run = store.run.bind(store) as unknown as (name: string, args: unknown) => Promise<unknown>;
  const [workspaceId, userId, authorId, device] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  const secret = Buffer.from(randomFillSync(new Uint8Array(32))).toString('base64url');
  const channels = Array.from({ length: CHANNELS }, () => randomUUID());
  const now = Date.now() * 1000;

  let rows: { table: string; row: Row }[] = [];
  const underWay = new Set<Promise<unknown>>();
  const flush = async (): Promise<void> => {
    const full = rows;
    rows = [];
    const work = run('bench.put', { rows: full }).finally(() => underWay.delete(work));
    underWay.add(work);
    if (underWay.size > 8) await Promise.race(underWay);
  };
  const put = async (table: string, row: Row): Promise<void> => {
    if (rows.push({ table, row }) >= PUT) await flush();
  };

  for (const [id, name] of [[userId, 'reader'], [authorId, 'author']] as const) {
    await put('users', { id, server_role: 'member', password_hash: null, local_key: '', created_at: 0, presence: 'auto', presence_until: null, doc: { id, username: name, display_name: name, is_bot: false, deactivated: false } });
    await put('workspace_members', { workspace_id: workspaceId, user_id: id, role: 'member', joined_at: 0, deactivated: 0, sort_name: name });
  }
  await put('sessions', { user_id: userId, device_id: device, secret_hash: createHash('sha256').update(secret).digest('base64url'), name: '', platform: '', address: '', created_at: 0, last_active_at: now, expires_at: 9e15, revoked_at: null });
  await put('claims', { id: 'set_up', owner_id: userId });
  await put('heads', { stream: `workspace:${workspaceId}`, rev: 0, seq: 0, last_at: 0, floor: 0 });
  await put('heads', { stream: userStream(userId), rev: CHANNELS, seq: 0, last_at: 0, floor: 0 });

  for (const [i, channel_id] of channels.entries()) {
    const length = i === 0 ? LARGE : FEW;
    const unread = i % 2 === 0;
    const joined_at = '2026-01-01T00:00:00.000Z';
    await put('channels', { id: channel_id, workspace_id: workspaceId, kind: 'public', rev: 1, browse_name: `c${i}`, members: 2, counted_at: 0, doc: { id: channel_id, workspace_id: workspaceId, kind: 'public', name: `c${i}`, topic: 'What this is about', purpose: '', member_count: 2, archived: false, posting: 'everyone', created_at: joined_at, head_seq: 0, head_rev: 1, purged_through_seq: 0 } });
    for (const user_id of [userId, authorId]) await put('members', { channel_id, user_id, role: 'member', stay_id: user_id, visible_from_seq: 1, joined_seq: 0, joined_at: 0 });
    await put('entities', { stream: userStream(userId), type: 'membership', id: channel_id, rev: i + 1, sort: null, workspace_id: workspaceId, doc: { type: 'membership', id: channel_id, rev: i + 1, channel_id, role: 'member', stay_id: userId, visible_from_seq: 1, joined_seq: 0, read_epoch: 1, read_seq: unread ? 0 : length, level: 'default', muted: false, joined_at, workspace_id: workspaceId } });
    const began = now - length * 60_000_000;
    for (let seq = 1; seq <= length; seq++) await message(put, { channel_id, authorId, userId, seq, created_us: began + seq * 60_000_000 });
    await put('heads', { stream: channelStream(channel_id), rev: length + 1, seq: length, last_at: now - i, floor: 0 });
  }
  await flush();
  await Promise.all(underWay);
  await store.close();
  return { token: `${userId}.${device}.${secret}`, userId, channels, unread: CHANNELS / 2 };
}

/** Every 50th names the reader, every 1,000th everybody. */
async function message(put: (table: string, row: Row) => Promise<void>, m: { channel_id: string; authorId: string; userId: string; seq: number; created_us: number }): Promise<void> {
  const { channel_id, authorId, userId, seq } = m;
  const id = randomUUID();
  const rev = seq + 1;
  const everyone = seq % 1_000 === 500;
  const named = seq % 50 === 0;
  const doc: Record<string, unknown> = { ...messageDoc({ channel_id, author_id: authorId, id, content: `${'Does anybody know why the build takes twice as long? '.slice(0, 20 + (seq % 33))} ${seq}`, rev, seq }), created_at: new Date(m.created_us / 1000).toISOString() };
  if (named || everyone) doc['mentions'] = { user_ids: named ? [userId] : [], group_ids: [], everyone: everyone ? 'channel' : 'none', ...(everyone ? { target_ids: [userId] } : {}) };
  await put('messages', { channel_id, seq, rev, id, author_id: authorId, client_msg_id: id, parent_message_id: null, counted_seq: seq, reply_seq: null, timeline_seq: seq, everyone_seq: everyone ? seq : null, created_us: m.created_us, doc, fingerprint: '' });
  if (named) await put('mentions', { channel_id, user_id: userId, seq, everyone: 0 });
}
