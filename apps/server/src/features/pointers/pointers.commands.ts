import { enqueueJob, releaseDedupe } from '../../jobs/jobs.commands.ts';
import { defineCommand } from '../../storage/command.ts';
import { ChannelChange } from '../../storage/streams.ts';
import { caughtUp, channels, members, type ChannelRow } from '../../storage/tables.ts';
import { dropEntry, entryId } from '../inbox/inbox-entries.ts';
import { INBOX_JOB } from '../inbox/inbox.commands.ts';
import { membershipRow, positionOf } from '../membership/memberships.ts';
import { settleMember } from './pointers.ts';

/** People whom one command looks at, at most: small enough that sends in the same commit do not notice. */
export const PEOPLE = 50;
/** How long after a message those who did not read it get their pointer: who is reading right now needs none. */
export const POINTER_DELAY_MS = 2_000;

/** What the job of a large channel does: point those who had caught up, begin keeping pointers, or end it. */
export interface PointerJob { pointers: 'point' | 'enrol' | 'shrink'; channel_id: string }

export const pointerDedupe = (channelId: string): string => `pointers:${channelId}`;
const isDirect = (row: ChannelRow): boolean => row.kind === 'dm' || row.kind === 'group_dm';

export const pointerCommands = {
  /** Has those looked at, soon, whom a message found caught up. A job that has not begun to look yet will see it too. */
  'pointers.note': defineCommand(async (tx, args: { channel_id: string }) => {
    const payload: PointerJob = { pointers: 'point', channel_id: args.channel_id };
    await enqueueJob(tx, { kind: INBOX_JOB, payload, dedupe: pointerDedupe(args.channel_id), delayMs: POINTER_DELAY_MS });
    return {};
  }),

  /** From here on the job looks; a message that comes now makes another. */
  'pointers.begin': defineCommand(async (tx, args: { job_id: string }) => {
    await releaseDedupe(tx, args.job_id);
    return {};
  }),

  /** Brings pointers and `caught_up` rows of these people in line with their positions; see `settleMember`. @returns who has to be looked at again. */
  'pointers.settle': defineCommand(async (tx, args: { channel_id: string; user_ids: string[] }): Promise<{ inserted: string[] }> => {
    const channel = await tx.get(channels, [args.channel_id]);
    const inserted: string[] = [];
    for (const userId of args.user_ids) {
      const member = channel && (await tx.get(members, [args.channel_id, userId]));
      if (!member || channel.large !== 1) {
        await tx.delete(caughtUp, [args.channel_id, userId]);
        continue;
      }
      const { read_seq } = positionOf(member, await membershipRow(tx, userId, args.channel_id));
      if ((await settleMember(tx, channel, member, read_seq)) === 'inserted') inserted.push(userId);
    }
    return { inserted };
  }),

  /**
   * The channel has grown large: pointers are kept from here on, and a job goes over those who are in it already. It takes a
   * rev, so that a send either came before it, and the job sees its message, or knows that the channel is large.
   */
  'pointers.enrol': defineCommand(async (tx, args: { channel_id: string; above: number }) => {
    const row = await tx.get(channels, [args.channel_id]);
    if (!row || isDirect(row) || row.large === 1 || row.members <= args.above) return {};
    const change = await ChannelChange.begin(tx, args.channel_id);
    change.nextRev();
    await change.end();
    await tx.put(channels, { ...row, large: 1 });
    await enqueueJob(tx, { kind: INBOX_JOB, payload: { pointers: 'enrol', channel_id: args.channel_id } satisfies PointerJob, dedupe: `enrol:${args.channel_id}` });
    return {};
  }),

  /** It has shrunk: no pointers any more, and a job takes away what there is. */
  'pointers.retire': defineCommand(async (tx, args: { channel_id: string; below: number }) => {
    const row = await tx.get(channels, [args.channel_id]);
    if (!row || row.large !== 1 || row.members >= args.below) return {};
    await tx.put(channels, { ...row, large: 0 });
    await enqueueJob(tx, { kind: INBOX_JOB, payload: { pointers: 'shrink', channel_id: args.channel_id } satisfies PointerJob, dedupe: `shrink:${args.channel_id}` });
    return {};
  }),

  /** Takes away what is kept of some people of a channel that is not large any more. @returns false when it has grown again. */
  'pointers.forget': defineCommand(async (tx, args: { channel_id: string; user_ids: string[] }): Promise<boolean> => {
    if ((await tx.get(channels, [args.channel_id]))?.large === 1) return false;
    for (const userId of args.user_ids) {
      await tx.delete(caughtUp, [args.channel_id, userId]);
      await dropEntry(tx, userId, entryId('pointer', args.channel_id));
    }
    return true;
  }),
};
