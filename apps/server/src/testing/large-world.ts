import { channelStream, userStream } from '@parley/shared/domain/streams';
import { FakeClock } from '@parley/shared/testing/fake-clock';
import { SeededRandom } from '@parley/shared/testing/seeded-random';
import { INBOX_JOB } from '../features/inbox/inbox.commands.ts';
import { inboxConsumer, inboxJob } from '../features/inbox/inbox.service.ts';
import { POINTER_DELAY_MS } from '../features/pointers/pointers.commands.ts';
import { ackMany } from '../features/reading/reading.service.ts';
import { StoreJobs } from '../jobs/store-jobs.ts';
import { defineCommand, type CommandHandler } from '../storage/command.ts';
import { COMMANDS } from '../storage/commands.ts';
import { openMemoryStore } from '../storage/memory/memory-store.ts';
import type { Row, StoredEvent } from '../storage/port.ts';
import { TABLES } from '../storage/tables.ts';
import { CostCounter, type Cost } from './counted-store.ts';

export interface LargeCost {
  members: number;
  readers: number;
  /** For one message: the send itself, what follows it, the jobs, and the acknowledgements of readers. */
  send: Cost;
  follows: Cost;
  jobs: Cost;
  acks: Cost;
  /** Time of a message with all that follows it, microseconds. */
  us: number;
}

export interface LargeCostOptions {
  members: number;
  /** Members who read to the end now and then. */
  readers: number;
  messages: number;
  /** The readers read after every so many messages, which takes longer than a job waits. */
  every: number;
  /** Channels with more members are large. */
  large: number;
}

const id = (kind: number, n: number): string => `00000000-0000-7000-8${kind.toString(16).padStart(3, '0')}-${n.toString(16).padStart(12, '0')}`;
const ROWS = 1_000;

/** What messages cost the store in a channel of so many members, some of whom read: rows read and written, counted. */
export async function largeCost(options: LargeCostOptions): Promise<LargeCost> {
  const { members, readers, messages, every, large } = options;
  const counter = new CostCounter();
  const clock = new FakeClock();
  const put = defineCommand(async (tx, args: { rows: { table: string; row: Row }[] }) => {
    for (const { table, row } of args.rows) await tx.put(TABLES.find((t) => t.name === table)!, row);
    return {};
  });
  const commands = counter.commands({ ...COMMANDS, 'test.put': put } as unknown as Record<string, CommandHandler<never, unknown>>);
  const store = counter.store(openMemoryStore({ clock, random: new SeededRandom(1), commands }));
  const run = (name: string, args: unknown): Promise<unknown> => store.run(name as never, args as never);
  const events: StoredEvent[] = [];
  store.onCommitted((committed) => void events.push(...committed));

  const [workspace_id, channel_id] = [id(1, 1), id(2, 1)];
  const people = Array.from({ length: members }, (_, n) => id(3, n));
  await seed(run, workspace_id, channel_id, people);
  const consumer = inboxConsumer(store, large);
  const queue = new StoreJobs(store);
  const handle = inboxJob({ store });
  const settle = async (): Promise<void> => {
    while (events.length > 0) {
      const event = events.shift()!;
      if (consumer.wants(event)) await consumer.consume(event);
    }
  };
  const work = async (): Promise<void> => {
    await clock.advance(POINTER_DELAY_MS);
    for (const job of (await queue.lease(10, 1_000)).filter((one) => one.kind === INBOX_JOB)) {
      await handle(job, new AbortController().signal);
      await queue.complete(job);
    }
  };
  const who = (userId: string) => ({ user_id: userId, server_role: 'member' as const });
  if (members > large) {
    // Everybody but the readers is unread already, as members of large channels are: only the readers are enrolled.
    await run('test.put', { rows: [{ table: 'channels', row: channelRow(workspace_id, channel_id, members, 1) }] });
  }
  const read = async (): Promise<void> => {
    for (let n = 1; n <= readers; n++) await ackMany({ store }, who(people[n]!), { positions: [{ channel_id, read_epoch: 0, seq: 1_000_000 }] });
    await settle();
  };
  const send = (n: number): Promise<unknown> => run('messages.send', { who: who(people[0]!), channel_id, content: `message ${n}`, client_msg_id: `m${n}`, fingerprint: `${n}`, named: { user_ids: [], group_ids: [], everyone: 'none' } });
  await send(0);
  await settle();
  await read();
  await work();
  counter.by.clear();

  const began = performance.now();
  for (let n = 1; n <= messages; n++) {
    await counter.under('send', () => send(n));
    await counter.under('follows', settle);
    if (n % every !== 0) continue;
    await counter.under('jobs', async () => { await work(); await settle(); });
    await counter.under('acks', read);
  }
  const us = ((performance.now() - began) * 1_000) / messages;
  await store.close();
  const each = (heading: string): Cost => {
    const { reads, writes } = counter.of(heading);
    return { reads: round(reads / messages), writes: round(writes / messages) };
  };
  return { members, readers, send: each('send'), follows: each('follows'), jobs: each('jobs'), acks: each('acks'), us: Math.round(us) };
}

const round = (n: number): number => Number(n.toFixed(2));

function channelRow(workspace_id: string, channelId: string, members: number, large: number): Row {
  const doc = { id: channelId, workspace_id, kind: 'public', name: 'hall', topic: '', purpose: '', member_count: members, archived: false, posting: 'everyone', created_at: '2026-01-01T00:00:00.000Z', head_seq: 0, head_rev: 1, purged_through_seq: 0 };
  return { id: channelId, workspace_id, kind: 'public', rev: 1, browse_name: 'hall', members, counted_at: 0, doc, large };
}

async function seed(run: (name: string, args: unknown) => Promise<unknown>, workspace_id: string, channelId: string, people: readonly string[]): Promise<void> {
  const rows: { table: string; row: Row }[] = [
    { table: 'channels', row: channelRow(workspace_id, channelId, people.length, 0) },
    { table: 'heads', row: { stream: channelStream(channelId), rev: 1, seq: 0, last_at: 0, floor: 0 } },
  ];
  people.forEach((user_id, n) => {
    rows.push({ table: 'workspace_members', row: { workspace_id, user_id, role: 'member', joined_at: 0, deactivated: 0, sort_name: `u${n}` } });
    rows.push({ table: 'members', row: { channel_id: channelId, user_id, role: 'member', stay_id: user_id, visible_from_seq: 1, joined_seq: 0, joined_at: 0 } });
    rows.push({ table: 'heads', row: { stream: userStream(user_id), rev: 0, seq: 0, last_at: 0, floor: 0 } });
  });
  for (let at = 0; at < rows.length; at += ROWS) await run('test.put', { rows: rows.slice(at, at + ROWS) });
}
