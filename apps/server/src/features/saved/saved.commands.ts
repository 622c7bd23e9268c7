import { microsToIso, timeToMicros } from '@parley/shared/domain/timestamp';
import type { Saved } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import { LIMITS } from '@parley/shared/protocol/limits';
import { enqueueJob } from '../../jobs/jobs.commands.ts';
import { defineCommand } from '../../storage/command.ts';
import type { Tx } from '../../storage/port.ts';
import type { ActorRef } from '../channels/channel-access.ts';
import { demandMessage, type MessageRef } from '../messages/find-message.ts';
import { putReminderEntry } from '../inbox/inbox-entries.ts';
import { dropOwn, own, putOwn } from '../own-entities.ts';

export const REMINDER_JOB = 'reminder';
export interface Reminder {
  user_id: string;
  message_id: string;
  due_at: string;
}
/** What is left out stays as it is. */
export interface SavedChange {
  state?: Saved['state'];
  due_at?: string | number | null;
  note?: string;
}

export const savedCommands = {
  /** Keeps a message for later. What is kept may be changed even when the message can no longer be read. */
  'saved.put': defineCommand(async (tx, args: { who: ActorRef; ref: MessageRef; change: SavedChange }): Promise<Saved> => {
    const { user_id } = args.who;
    const before = await own<Saved>(tx, user_id, 'saved', args.ref.message_id);
    const channel_id = before?.channel_id ?? (await demandMessage(tx, args.who, args.ref)).row.channel_id;
    const { state, note } = args.change;
    const due_at = args.change.due_at === undefined ? (before?.due_at ?? null) : args.change.due_at === null ? null : due(args.change.due_at);
    const doc: Saved = {
      message_id: args.ref.message_id, channel_id, state: state ?? before?.state ?? 'progress', due_at, note: note ?? before?.note ?? '',
      reminded_at: due_at === (before?.due_at ?? null) ? (before?.reminded_at ?? null) : null, saved_at: before?.saved_at ?? microsToIso(tx.now()),
    };
    if (before && (['state', 'due_at', 'note'] as const).every((field) => (before[field] ?? null) === (doc[field] ?? null))) return before;
    if (due_at !== null && due_at !== before?.due_at) await schedule(tx, { user_id, message_id: doc.message_id, due_at });
    return store(tx, user_id, doc);
  }),

  'saved.delete': defineCommand(async (tx, args: { user_id: string; message_id: string }) => ({ deleted: await dropOwn(tx, args.user_id, 'saved', args.message_id) })),

  /** A reminder came due: noted once, and only while it is still wanted for that time. */
  'saved.remind': defineCommand(async (tx, args: Reminder) => {
    const saved = await own<Saved>(tx, args.user_id, 'saved', args.message_id);
    if (!saved || saved.state !== 'progress' || saved.due_at !== args.due_at || saved.reminded_at != null) return { reminded: false };
    await store(tx, args.user_id, { ...saved, reminded_at: microsToIso(tx.now()) });
    await putReminderEntry(tx, args.user_id, saved);
    return { reminded: true };
  }),
};

const store = (tx: Tx, userId: string, doc: Saved): Promise<Saved> => putOwn(tx, userId, 'saved', doc.message_id, doc, { most: LIMITS.saved, sort: doc.saved_at });

function due(time: string | number): string {
  const micros = timeToMicros(time);
  if (!Number.isSafeInteger(micros) || micros > FARTHEST) throw new ParleyError('invalid_request', undefined, { errors: [{ path: 'due_at', message: 'not so far ahead' }] });
  return microsToIso(micros);
}
const FARTHEST = Date.UTC(2200, 0) * 1000;

async function schedule(tx: Tx, reminder: Reminder): Promise<void> {
  await enqueueJob(tx, { kind: REMINDER_JOB, payload: reminder, delayMs: Math.max(0, (timeToMicros(reminder.due_at) - tx.now()) / 1000) });
}
