import { parseStream } from '@parley/shared/domain/streams';
import type { LeasedJob } from '../../jobs/port.ts';
import type { ReadTx, Store, StoredEvent } from '../../storage/port.ts';
import { caughtUp, channels, jobs, members, messages } from '../../storage/tables.ts';
import { membershipRow, positionOf } from '../membership/memberships.ts';
import type { CrowdFact } from './crowd-fact.ts';
import { PEOPLE, pointerDedupe, type PointerJob } from './pointers.commands.ts';
import { firstUnread } from './pointers.ts';

/** A channel stops being large this far below the limit, so that one at the limit does not go to and fro. */
const RETIRE_AT = 0.9;

/**
 * Keeps inbox pointers of large channels, at a cost that follows reading and not talking: a message costs one look at
 * whether anybody has caught up, and one job in two seconds for those who have. Steps, each of which may be repeated:
 *
 * - reading to the end inserts a `caught_up` row with the position; when that is committed, `recheck` looks for what came meanwhile.
 * - a message that is committed has `point` begin later: it sees each row that was inserted before, and of one inserted after
 *   that the `recheck` sees the message.
 */
export class PointerKeeper {
  constructor(private readonly store: Store, private readonly large: number) {}

  wants(event: StoredEvent): boolean {
    const crowd = event.facts?.['crowd'] as CrowdFact | undefined;
    return event.facts?.['caught_up'] !== undefined || (crowd !== undefined && (crowd.large || crowd.members > this.large)) || joinedOrLeft(event);
  }

  async consume(event: StoredEvent): Promise<void> {
    const read = event.facts?.['caught_up'] as string | undefined;
    const { id } = parseStream(event.stream)!;
    if (read !== undefined) return this.recheck(read, [id]);
    const crowd = event.facts?.['crowd'] as CrowdFact | undefined;
    if (crowd !== undefined) await this.#said(id, crowd);
    if (joinedOrLeft(event)) await this.#moved(id, (event.control ?? []).flatMap((one) => (one.kind === 'joined' ? [one.user_id] : [])));
  }

  /** What a leased job asks for; begun anew, it changes nothing twice. */
  async work(job: Pick<LeasedJob, 'id'>, { pointers, channel_id }: PointerJob, check: () => void = () => undefined): Promise<void> {
    await this.store.run('pointers.begin', { job_id: job.id });
    if (pointers === 'point') return this.point(channel_id, check);
    if (pointers === 'shrink') return this.#shrink(channel_id, check);
    return this.#everyone(channel_id, check, async (userIds) => {
      await this.#settle(channel_id, userIds);
      return true;
    });
  }

  /** Points those of the channel who had caught up before its newest message. */
  async point(channelId: string, check: () => void = () => undefined): Promise<void> {
    for (;;) {
      check();
      const page = await this.store.read(async (tx) => {
        const [newest] = await tx.find(messages, { index: 'by_counted', prefix: [channelId], reverse: true, limit: 1 });
        return newest ? tx.find(caughtUp, { index: 'by_seq', prefix: [channelId], lt: newest.seq, limit: PEOPLE }) : [];
      });
      if (page.length > 0) await this.#settle(channelId, page.map((row) => row.user_id));
      if (page.length < PEOPLE) return;
    }
  }

  /** Settles those for whom something has come since their row was inserted. */
  async recheck(channelId: string, userIds: readonly string[]): Promise<void> {
    const behind = await this.store.read(async (tx) => {
      const channel = await tx.get(channels, [channelId]);
      if (channel?.large !== 1) return [];
      const found: string[] = [];
      for (const userId of userIds) {
        const member = await tx.get(members, [channelId, userId]);
        // Without a row they were pointed already.
        if (!member || !(await tx.get(caughtUp, [channelId, userId]))) continue;
        const { read_seq } = positionOf(member, await membershipRow(tx, userId, channelId));
        if (await firstUnread(tx, channel, member, read_seq)) found.push(userId);
      }
      return found;
    });
    if (behind.length > 0) await this.#settle(channelId, behind);
  }

  async #settle(channelId: string, userIds: readonly string[]): Promise<void> {
    for (let i = 0; i < userIds.length; i += PEOPLE) {
      const { inserted } = await this.store.run('pointers.settle', { channel_id: channelId, user_ids: userIds.slice(i, i + PEOPLE) });
      if (inserted.length > 0) await this.recheck(channelId, inserted);
    }
  }

  async #said(channelId: string, crowd: CrowdFact): Promise<void> {
    if (!crowd.large) return void (await this.store.run('pointers.enrol', { channel_id: channelId, above: this.large }));
    if (crowd.members < this.large * RETIRE_AT) return void (await this.store.run('pointers.retire', { channel_id: channelId, below: this.large * RETIRE_AT }));
    if (await this.store.read((tx) => needsPointing(tx, channelId, crowd.seq))) await this.store.run('pointers.note', { channel_id: channelId });
  }

  async #moved(channelId: string, joined: readonly string[]): Promise<void> {
    const row = await this.store.read((tx) => tx.get(channels, [channelId]));
    if (!row) return;
    if (row.large !== 1) {
      if (row.members > this.large) await this.store.run('pointers.enrol', { channel_id: channelId, above: this.large });
    } else if (row.members < this.large * RETIRE_AT) await this.store.run('pointers.retire', { channel_id: channelId, below: this.large * RETIRE_AT });
    else if (joined.length > 0) await this.#settle(channelId, joined);
  }

  async #shrink(channelId: string, check: () => void): Promise<void> {
    const forget = (user_ids: string[]) => this.store.run('pointers.forget', { channel_id: channelId, user_ids });
    await this.#everyone(channelId, check, forget);
    for (;;) {
      check();
      const rows = await this.store.read((tx) => tx.find(caughtUp, { prefix: [channelId], limit: PEOPLE }));
      if (rows.length === 0 || !(await forget(rows.map((row) => row.user_id)))) return;
    }
  }

  async #everyone(channelId: string, check: () => void, each: (userIds: string[]) => Promise<boolean>): Promise<void> {
    for (let after: string | undefined; ; ) {
      check();
      const page: { user_id: string }[] = await this.store.read((tx) => tx.find(members, { prefix: [channelId], ...(after !== undefined && { gt: after }), limit: PEOPLE }));
      if (page.length > 0 && !(await each(page.map((row) => row.user_id)))) return;
      if (page.length < PEOPLE) return;
      after = page.at(-1)!.user_id;
    }
  }
}

const joinedOrLeft = (event: StoredEvent): boolean => event.stream.startsWith('channel:') && (event.control ?? []).some((one) => one.kind === 'joined' || one.kind === 'left');

/** Somebody had caught up before this message, and no job is waiting to look. One that has begun has given its name away. */
async function needsPointing(tx: ReadTx, channelId: string, seq: number): Promise<boolean> {
  const [behind] = await tx.find(caughtUp, { index: 'by_seq', prefix: [channelId], lt: seq, limit: 1 });
  if (!behind) return false;
  const [waiting] = await tx.find(jobs, { index: 'by_dedupe', prefix: [pointerDedupe(channelId)], limit: 1 });
  return waiting === undefined || waiting.state === 'parked';
}
