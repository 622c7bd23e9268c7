import { userStream } from '@parley/shared/domain/streams';
import { microsToIso, timeToMicros } from '@parley/shared/domain/timestamp';
import type { Draft, Scheduled } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import { LIMITS } from '@parley/shared/protocol/limits';
import { enqueueJob } from '../../jobs/jobs.commands.ts';
import { defineCommand } from '../../storage/command.ts';
import type { Tx } from '../../storage/port.ts';
import { entities, messages, users } from '../../storage/tables.ts';
import { allows, demand, demandAccess, type ActorRef } from '../channels/channel-access.ts';
import { reserveFiles } from '../files/attach.ts';
import { dropEntry, putEntry } from '../inbox/inbox-entries.ts';
import { demandMessage } from '../messages/find-message.ts';
import { sendMessage, type SendArgs } from '../messages/send.command.ts';
import { dropOwn, own, ownRow, putOwn } from '../own-entities.ts';

export const SCHEDULED_JOB = 'scheduled_send';

/** What a job is for: another time is another job's. */
export interface Appointment {
  user_id: string;
  id: string;
  send_at: string;
}
/** Which state of it is meant. */
interface ScheduledRef {
  user_id: string;
  id: string;
  version: number;
}
export type ScheduledText = Pick<Scheduled, 'id' | 'channel_id' | 'parent_message_id' | 'broadcast' | 'quiet' | 'content' | 'file_ids'>;

export const scheduledCommands = {
  /**
   * Keeps a message for its time. What one may not post now is refused now; what one may not post then, then.
   * @throws ParleyError `conflict` when the id stands for something else, or for what was sent or taken back.
   */
  'scheduled.put': defineCommand(async (tx, args: { who: ActorRef; device_id: string; message: ScheduledText; send_at: string | number; everyone: boolean }): Promise<Scheduled> => {
    const { who, message } = args;
    const access = await demandAccess(tx, who, message.channel_id, 'message.post');
    if (args.everyone) demand(allows(access, 'mention.everyone'), 'naming everybody here is for moderators');
    if (message.parent_message_id !== null) await demandMessage(tx, who, { channel_id: message.channel_id, message_id: message.parent_message_id });
    const send_at = timeOf(tx, args.send_at);
    const row = await ownRow<Scheduled>(tx, who.user_id, 'scheduled', message.id);
    if (row?.doc.deleted) throw new ParleyError('conflict', 'it was sent, or taken back');
    if (row) {
      if (row.doc.content !== message.content || row.doc.channel_id !== message.channel_id) throw new ParleyError('conflict', 'another text is scheduled under this client_msg_id');
      return row.doc;
    }
    const [sent] = await tx.find(messages, { index: 'by_client', prefix: [message.channel_id, who.user_id, message.id], limit: 1 });
    if (sent) throw new ParleyError('conflict', 'it was sent', { message: sent.doc });
    return schedule(tx, who.user_id, { ...message, send_at, state: 'waiting', version: 1, device_id: args.device_id, created_at: microsToIso(tx.now()) });
  }),

  'scheduled.update': defineCommand(async (tx, args: { user_id: string; id: string; content?: string; send_at?: string | number }): Promise<Scheduled> => {
    const before = await own<Scheduled>(tx, args.user_id, 'scheduled', args.id);
    if (!before) throw new ParleyError('not_found', 'not scheduled any more');
    if (before.state !== 'waiting') throw new ParleyError('conflict', 'it could not be sent; its text is a draft');
    const content = args.content ?? before.content;
    const send_at = args.send_at === undefined ? before.send_at : timeOf(tx, args.send_at);
    if (content === before.content && send_at === before.send_at) return before;
    return schedule(tx, args.user_id, { ...before, content, send_at, version: before.version + 1 });
  }),

  'scheduled.cancel': defineCommand(async (tx, args: { user_id: string; id: string }) => {
    await dropEntry(tx, args.user_id, entryId(args.id));
    return { cancelled: await dropOwn(tx, args.user_id, 'scheduled', args.id) };
  }),

  /**
   * Sends what is due. Message and tombstone are one commit, so that nothing lies between them; and only of the state that
   * `send` was made from, so that a change that was answered is never sent over.
   */
  'scheduled.send': defineCommand(async (tx, args: { ref: ScheduledRef; send: SendArgs }): Promise<{ outcome: 'sent' | 'changed' }> => {
    if (!(await waiting(tx, args.ref))) return { outcome: 'changed' };
    await sendMessage(tx, args.send);
    await dropOwn(tx, args.ref.user_id, 'scheduled', args.ref.id);
    return { outcome: 'sent' };
  }),

  /** It could not be sent: its text becomes a draft, what was scheduled says why, and the inbox tells. */
  'scheduled.fail': defineCommand(async (tx, args: { ref: ScheduledRef; code: string; detail: string }) => {
    const { user_id, id } = args.ref;
    const doc = await waiting(tx, args.ref);
    if (!doc) return { failed: false };
    const draft_id = await asDraft(tx, user_id, doc);
    await put(tx, user_id, { ...doc, state: 'failed', failure: { code: args.code, detail: args.detail }, ...(draft_id !== undefined && { draft_id }), version: doc.version + 1 });
    await putEntry(tx, user_id, { id: entryId(id), kind: 'reminder', scheduled_id: id, thread_root_id: null, in_channel: false, seq: 0, actor_ids: [], at: microsToIso(tx.now()), read: false });
    return { failed: true };
  }),

  /** Who was deactivated sends nothing any more. */
  'scheduled.drop_deactivated': defineCommand(async (tx, args: { user_id: string; id: string }) => {
    if (!(await tx.get(users, [args.user_id]))?.doc.deactivated) return { cancelled: false };
    return { cancelled: await dropOwn(tx, args.user_id, 'scheduled', args.id) };
  }),
};

const entryId = (id: string): string => `scheduled:${id}`;
const put = (tx: Tx, userId: string, doc: Scheduled): Promise<Scheduled> => putOwn(tx, userId, 'scheduled', doc.id, doc, { most: LIMITS.scheduled, sort: doc.send_at });

async function waiting(tx: Tx, ref: ScheduledRef): Promise<Scheduled | undefined> {
  const doc = await own<Scheduled>(tx, ref.user_id, 'scheduled', ref.id);
  return doc?.state === 'waiting' && doc.version === ref.version ? doc : undefined;
}

async function schedule(tx: Tx, userId: string, doc: Scheduled): Promise<Scheduled> {
  await reserveFiles(tx, userId, doc.file_ids, timeToMicros(doc.send_at));
  const appointment: Appointment = { user_id: userId, id: doc.id, send_at: doc.send_at };
  await enqueueJob(tx, { kind: SCHEDULED_JOB, payload: appointment, delayMs: Math.max(0, (timeToMicros(doc.send_at) - tx.now()) / 1000) });
  return put(tx, userId, doc);
}

/** @throws ParleyError for a time that is too far ahead. What has passed is now. */
function timeOf(tx: Tx, time: string | number): string {
  const micros = timeToMicros(time);
  if (!Number.isSafeInteger(micros) || micros > tx.now() + LIMITS.scheduled_days * 86_400_000_000) throw new ParleyError('invalid_request', undefined, { errors: [{ path: 'send_at', message: `at most ${LIMITS.scheduled_days} days ahead` }] });
  return microsToIso(Math.max(micros, tx.now()));
}

/** Under an id of its own: that of the message may be known to have been a draft already. Undefined when there is no room for one more. */
async function asDraft(tx: Tx, userId: string, doc: Scheduled): Promise<string | undefined> {
  if ((await tx.count(entities, { index: 'by_sort', prefix: [userStream(userId), 'draft'] })) >= LIMITS.drafts) return undefined;
  const id = tx.uuid();
  const at = tx.now();
  await putOwn<Draft>(tx, userId, 'draft', id, {
    id, client_msg_id: id, channel_id: doc.channel_id, thread_root_id: doc.parent_message_id, content: doc.content, file_ids: doc.file_ids, version: 1, device_id: doc.device_id, updated_at: microsToIso(at),
  }, { most: LIMITS.drafts, sort: String(at) });
  return id;
}
