import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ParleyError } from '@parley/shared/protocol/errors';
import type { SendResult } from '../../features/messages/send.command.ts';
import type { Store } from '../port.ts';
import { messages, outbox } from '../tables.ts';
import { COMMANDS } from '../testing.commands.ts';
import { openMongoStore } from './mongodb-store.ts';
import { CHANNELS, sendOf, setUpConversation } from './testing.conversation.ts';
import { hasMongod, startReplicaSet, type ReplicaSet } from './testing.mongod.ts';

const SENDERS = 12;

interface Acknowledged {
  channel: string;
  client_msg_id: string;
  id: string;
  seq: number;
}

/** People who send one message after the other through two stores, and repeat what is `unavailable` under the same id. */
class Burst {
  readonly acknowledged: Acknowledged[] = [];
  refusals = 0;
  private stopped = false;
  private readonly work: Promise<unknown>;

  constructor(private readonly stores: readonly Store[], name: string) {
    this.work = Promise.all(Array.from({ length: SENDERS }, async (_, sender) => {
      for (let n = 0; !this.stopped; n++) await this.send(sender, `${name}-${sender}-${n}`);
    }));
  }

  async until(count: number): Promise<void> {
    const wanted = this.acknowledged.length + count;
    const deadline = performance.now() + 45_000;
    while (this.acknowledged.length < wanted) {
      if (performance.now() > deadline) throw new Error(`only ${this.acknowledged.length} of ${wanted} were acknowledged`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.work;
  }

  private async send(sender: number, client_msg_id: string): Promise<void> {
    const channel = CHANNELS[sender % CHANNELS.length]!;
    for (;;) {
      // A repeat may come to another process.
      const store = this.stores[(sender + this.refusals) % this.stores.length]!;
      try {
        const { message } = await (store.run('messages.send', sendOf(channel, client_msg_id)) as Promise<SendResult>);
        this.acknowledged.push({ channel, client_msg_id, id: message.id, seq: message.seq });
        return;
      } catch (error) {
        if (!(error instanceof ParleyError) || error.code !== 'unavailable') throw error;
        this.refusals++;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
}

describe.skipIf(!hasMongod())('a replica set of three, and two stores on it in the middle of a burst', () => {
  let set: ReplicaSet;
  let stores: Store[];
  beforeAll(async () => {
    set = await startReplicaSet();
    stores = await Promise.all([0, 1].map(async () => openMongoStore({ url: set.url('chat'), commands: COMMANDS })));
    await setUpConversation(stores[0]!);
  });
  afterAll(async () => {
    await Promise.all((stores ?? []).map(async (store) => store.close()));
    await set?.stop();
  });

  async function expectAllOnce(acknowledged: readonly Acknowledged[]): Promise<void> {
    const rows = await stores[0]!.read(async (tx) => Promise.all(CHANNELS.map(async (channel) => tx.find(messages, { prefix: [channel], limit: 1_000_000 }))));
    const stored = new Map(rows.flat().map((row) => [row.client_msg_id, row]));
    expect(stored.size).toBe(rows.flat().length);
    for (const one of acknowledged) expect(stored.get(one.client_msg_id), one.client_msg_id).toMatchObject({ id: one.id, seq: one.seq, channel_id: one.channel });
    for (const own of rows) {
      own.forEach((row, i) => expect([row.seq, row.rev]).toEqual([i + 1, i + 1]));
      own.forEach((row, i) => expect(row.created_us).toBeGreaterThan(own[i - 1]?.created_us ?? 0));
    }
    const told = await stores[1]!.read((tx) => tx.find(outbox, { limit: 1_000_000 }));
    for (const [i, channel] of CHANNELS.entries()) expect(told.filter(({ stream }) => stream === `channel:${channel}`).map(({ rev }) => rev)).toEqual(rows[i]!.map(({ rev }) => rev));
  }

  it('a primary that steps down loses none and doubles none', async () => {
    const burst = new Burst(stores, 'down');
    await burst.until(100);
    const before = await set.primary();
    await set.stepDown();
    await burst.until(100);
    await burst.stop();
    expect(await set.primary()).not.toBe(before);
    await expectAllOnce(burst.acknowledged);
  });

  it('a primary that is killed loses none and doubles none', async () => {
    const burst = new Burst(stores, 'kill');
    await burst.until(100);
    const killed = await set.primary();
    await set.kill(killed);
    await burst.until(100);
    await burst.stop();
    set.revive(killed);
    await expectAllOnce(burst.acknowledged);
  });

  it('without a primary reads and writes are `unavailable` with a time to come again, and both go on when there is one', async () => {
    const hasty = await openMongoStore({ url: `${set.url('chat')}&serverSelectionTimeoutMS=500`, commands: COMMANDS });
    try {
      const primary = await set.primary();
      const others = set.addresses.filter((address) => address !== primary);
      await Promise.all(others.map(async (address) => set.kill(address)));
      const unavailable = { code: 'unavailable', extra: { retry_after_ms: expect.any(Number) as number } };
      await expect(hasty.run('messages.send', sendOf(CHANNELS[0]!, 'nobody-1'))).rejects.toMatchObject(unavailable);
      await expect.poll(async () => hasty.read((tx) => tx.get(messages, [CHANNELS[0]!, 1])).then(() => 'answered', (error: unknown) => error), { timeout: 20_000 }).toMatchObject(unavailable);
      await expect(hasty.recall(messages, [CHANNELS[0]!, 1])).rejects.toMatchObject(unavailable);
      expect((await hasty.health()).problems.length).toBeGreaterThan(0);
      for (const address of others) set.revive(address);
      await set.primary();
      const sent = async (): Promise<unknown> => hasty.run('messages.send', sendOf(CHANNELS[0]!, 'nobody-1')).then((result) => (result as SendResult).message.client_msg_id, (error: unknown) => error);
      await expect.poll(sent, { timeout: 20_000 }).toBe('nobody-1');
      expect(await hasty.read((tx) => tx.count(messages, { index: 'by_client', prefix: [CHANNELS[0]!, sendOf(CHANNELS[0]!, '').who.user_id, 'nobody-1'] }))).toBe(1);
    } finally {
      await hasty.close();
    }
  });
});
