import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createChannel, inviteToChannel, joinChannel } from '@parley/shared/protocol/calls/channels';
import { sendMessage } from '@parley/shared/protocol/calls/messages';
import { sync } from '@parley/shared/protocol/calls/reading';
import type { Channel, Message, Summary } from '@parley/shared/protocol/entities';
import { FakeClock } from '@parley/shared/testing/fake-clock';
import { SeededRandom } from '@parley/shared/testing/seeded-random';
import { cardsConsumer } from '../features/cards/cards.service.ts';
import { INBOX_JOB } from '../features/inbox/inbox.commands.ts';
import { inboxConsumer, inboxJob } from '../features/inbox/inbox.service.ts';
import { digestConsumer } from '../features/mail/digest-mail.ts';
import { membershipConsumer } from '../features/membership/membership.service.ts';
import { pushConsumer } from '../features/push/push.service.ts';
import { POINTER_DELAY_MS } from '../features/pointers/pointers.commands.ts';
import { threadsConsumer } from '../features/threads/threads.service.ts';
import { StoreJobs } from '../jobs/store-jobs.ts';
import type { Deps } from '../platform/deps.ts';
import { openMemoryStore } from '../storage/memory/memory-store.ts';
import type { Store, StoredEvent } from '../storage/port.ts';
import { openSqliteStore } from '../storage/sqlite/sqlite-store.ts';
import { testWorld, type TestUser, type World } from './test-core.ts';

export interface OpenStore {
  store: Store;
  dispose(): Promise<void>;
}

/** The adapters that tests of conversations run on. */
export const STORES: { adapter: string; open(clock: FakeClock, random: SeededRandom): Promise<OpenStore> }[] = [
  {
    adapter: 'memory',
    open: async (clock, random) => {
      const store = openMemoryStore({ clock, random });
      return { store, dispose: () => store.close() };
    },
  },
  {
    adapter: 'sqlite',
    open: async (clock) => {
      const directory = mkdtempSync(join(tmpdir(), 'parley-talk-'));
      const store = await openSqliteStore({ file: join(directory, 'parley.db'), writer: 'inline', now: () => clock.now() });
      return {
        store,
        dispose: async () => {
          await store.close();
          rmSync(directory, { recursive: true, force: true });
        },
      };
    },
  },
];

/** A workspace with people who talk, and the durable consumers run when the test says so. */
export class Conversation {
  readonly events: StoredEvent[] = [];
  /** Channels with more members are large. */
  large = 1_000;
  private consumed = 0;
  private sent = 0;

  private constructor(readonly world: World, readonly opened: OpenStore, readonly olivia: TestUser, readonly alice: TestUser, readonly bob: TestUser, readonly guest: TestUser) {}

  static async open(adapter = STORES[0]!, seed = 1, deps: Partial<Deps> = {}): Promise<Conversation> {
    const clock = new FakeClock();
    const random = new SeededRandom(seed);
    const opened = await adapter.open(clock, random);
    const world = await testWorld({ clock, random, store: opened.store, deps }).setUp();
    const [alice, bob, guest] = [await world.createUser('alice'), await world.createUser('bob'), await world.createUser('gus', { role: 'guest' })];
    const conversation = new Conversation(world, opened, world.owner, alice, bob, guest);
    opened.store.onCommitted((events) => void conversation.events.push(...events));
    return conversation;
  }

  async close(): Promise<void> {
    await this.opened.dispose();
  }

  get store(): Store {
    return this.world.store;
  }

  as(user: TestUser) {
    return this.world.as(user);
  }

  /** Runs the durable consumers over all that was committed, and over what they commit themselves. */
  async settle(): Promise<void> {
    const consumers = [membershipConsumer(this.store), threadsConsumer(this.store), inboxConsumer(this.store, this.large), pushConsumer(this.store), digestConsumer(this.world.deps), cardsConsumer(this.store)];
    while (this.consumed < this.events.length) {
      const event = this.events[this.consumed++]!;
      for (const consumer of consumers) if (consumer.wants(event)) await consumer.consume(event);
    }
  }

  /** Settles, and runs the jobs that go over inboxes, also those that are due soon, until there are none. */
  async settleInboxes(): Promise<void> {
    const queue = new StoreJobs(this.store);
    const handle = inboxJob({ store: this.store });
    for (;;) {
      await this.settle();
      await this.world.clock.advance(POINTER_DELAY_MS);
      const leased = (await queue.lease(10, 1_000)).filter((job) => job.kind === INBOX_JOB);
      if (leased.length === 0) return;
      for (const job of leased) {
        await handle(job, new AbortController().signal);
        await queue.complete(job);
      }
    }
  }

  /** A public channel of olivia's with these people in it. */
  async room(name: string, people: TestUser[], options: { is_private?: boolean; by?: TestUser } = {}): Promise<Channel> {
    const by = options.by ?? this.olivia;
    const others = people.filter((p) => p.id !== by.id);
    return this.as(by).call(createChannel, { workspace_id: this.world.workspace.id, name, is_private: options.is_private, user_ids: others.map((p) => p.id) });
  }

  async send(by: TestUser, channel: { id: string }, content: string, options: { parent?: Message; broadcast?: boolean; quiet?: boolean; client_msg_id?: string } = {}): Promise<Message> {
    await this.world.clock.advance(1);
    const answer = await this.as(by).call(sendMessage, {
      channel_id: channel.id, content, client_msg_id: options.client_msg_id ?? `m${++this.sent}`, parent_message_id: options.parent?.id, broadcast: options.broadcast, quiet: options.quiet,
    });
    return answer.message;
  }

  async join(by: TestUser, channel: { id: string }): Promise<void> {
    await this.as(by).call(joinChannel, { channel_id: channel.id });
  }

  async invite(by: TestUser, channel: { id: string }, user: TestUser, history?: 'all' | 'now'): Promise<void> {
    await this.as(by).call(inviteToChannel, { channel_id: channel.id, user_ids: [user.id], history });
  }

  async summary(of: TestUser, channel: { id: string }): Promise<Summary | undefined> {
    const answer = await this.as(of).call(sync, { cursors: {}, counts: [channel.id] });
    return answer.channels.find((s) => s.channel_id === channel.id);
  }

  async unread(of: TestUser, channel: { id: string }): Promise<{ unread: number; mentions: number }> {
    const summary = await this.summary(of, channel);
    if (!summary) throw new Error('no summary');
    return { unread: summary.unread, mentions: summary.mentions };
  }
}
