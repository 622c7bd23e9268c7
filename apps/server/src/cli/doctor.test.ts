import { describe, expect, it } from 'vitest';
import { ack, sync } from '@parley/shared/protocol/calls/reading';
import { TABLES } from '../storage/tables.ts';
import { Conversation, STORES } from '../testing/conversation-world.ts';
import { skewFinding } from './doctor-finding.ts';
import { replicaSetFinding, shardKeyFindings } from './doctor-mongodb.ts';
import { reportPerson } from './doctor-person.ts';
import { memoryFinding, persistenceFinding } from './doctor-redis.ts';

const level = (f: { ok: boolean; warning?: boolean }) => (!f.ok ? 'problem' : f.warning ? 'warning' : 'ok');

describe('doctor: what it makes of answers', () => {
  const member = (name: string, stateStr: string, health = 1) => ({ name, stateStr, health });
  it('a replica set without a primary or a majority is a problem, one with a member down a warning', () => {
    const status = (...members: object[]) => replicaSetFinding({ set: 'rs0', votingMembersCount: members.length, majorityVoteCount: Math.floor(members.length / 2) + 1, members });
    expect(level(status(member('a', 'PRIMARY'), member('b', 'SECONDARY'), member('c', 'SECONDARY')))).toBe('ok');
    expect(level(status(member('a', 'PRIMARY'), member('b', 'SECONDARY'), member('c', '(not reachable/healthy)', 0)))).toBe('warning');
    expect(level(status(member('a', 'SECONDARY'), member('b', 'SECONDARY'), member('c', 'SECONDARY')))).toBe('problem');
    expect(level(status(member('a', 'PRIMARY'), member('b', 'RECOVERING'), member('c', '(not reachable/healthy)', 0)))).toBe('problem');
    expect(level(status(member('a', 'PRIMARY')))).toBe('warning');
    expect(status(member('a', 'PRIMARY')).detail).toContain('replica set rs0: a PRIMARY');
  });

  it('clocks more than a second apart are a warning', () => {
    expect(level(skewFinding('redis', 900))).toBe('ok');
    expect(skewFinding('redis', -5_000)).toMatchObject({ warning: true, detail: expect.stringContaining('5.000 s behind this machine') });
    expect(skewFinding('redis', 1_001)).toMatchObject({ warning: true, detail: expect.stringContaining('1.001 s ahead of this machine') });
  });

  it('Redis must not evict, and must be able to write where it saves', () => {
    const memory = (policy: string, used = 1, most = 100) => level(memoryFinding(new Map([['maxmemory_policy', policy], ['used_memory', String(used)], ['maxmemory', String(most)]])));
    expect([memory('noeviction'), memory('noeviction', 95), memory('noeviction', 1, 0), memory('allkeys-lru'), memory('volatile-ttl', 1, 0)]).toEqual(['ok', 'warning', 'warning', 'problem', 'problem']);
    const saving = (facts: Record<string, string>) => level(persistenceFinding(new Map(Object.entries(facts))));
    expect(saving({ aof_enabled: '0', rdb_last_bgsave_status: 'ok' })).toBe('ok');
    expect(saving({ aof_enabled: '0', rdb_last_bgsave_status: 'err' })).toBe('problem');
    expect(saving({ aof_enabled: '1', rdb_last_bgsave_status: 'ok', aof_last_write_status: 'err' })).toBe('problem');
    expect(saving({ loading: '1' })).toBe('warning');
  });

  it('shard keys: other ones are a problem, missing ones a warning', async () => {
    const sharded = (change: (doc: Record<string, unknown>, name: string) => object | null) => ({
      command: async () => ({ ok: 1 }),
      configured: async (database: string) => TABLES.filter((t) => t.shard !== null).flatMap((t) => change({ _id: `${database}.${t.name}`, key: { [t.key.length === 1 ? '_id' : t.shard!]: 1 } }, t.name) ?? []) as Record<string, unknown>[],
    });
    const find = (change: Parameters<typeof sharded>[0]) => shardKeyFindings(sharded(change), 'parley', TABLES);
    expect(level(await find((doc) => doc))).toBe('ok');
    expect(await find((doc, name) => (name === 'pins' ? null : doc))).toMatchObject({ ok: true, warning: true, detail: expect.stringContaining('not sharded: pins') });
    expect(await find((doc, name) => (name === 'messages' ? { ...doc, key: { id: 'hashed' } } : doc))).toMatchObject({ ok: false, detail: expect.stringContaining('messages is sharded by {"id":"hashed"}') });
  });
});

describe.each(STORES)('doctor --person on $adapter', (adapter) => {
  it('tells per device and channel what it has, what was acknowledged as delivered, and what there is', async () => {
    const talk = await Conversation.open(adapter);
    try {
      const room = await talk.room('talk', [talk.alice, talk.bob]);
      const first = await talk.send(talk.bob, room, 'one');
      await talk.send(talk.bob, room, 'two');
      await talk.settle();
      const phone = await talk.world.signIn('alice');
      const { streams } = await talk.as(talk.alice).call(sync, { cursors: { [`channel:${room.id}`]: 0 } });
      const head = streams[`channel:${room.id}`]!.head;
      await talk.store.run('devices.note', { notes: [{ user_id: talk.alice.id, device_id: talk.alice.device_id, cursors: { [`channel:${room.id}`]: head - 1 } }], touch_us: 0, lasts_us: 1e12 });
      await talk.as(talk.alice).call(ack, { device_id: talk.alice.device_id, message_id: first.id, kind: 'delivered' });
      const report = (await talk.store.read((tx) => reportPerson(tx, 'ALICE')))!;
      expect(report).toMatchObject({ user_id: talk.alice.id, username: 'alice', last_active_at: expect.any(String) });
      const [desk, second] = [talk.alice, phone].map(({ device_id }) => report.devices.find((d) => d.device_id === device_id)!);
      const of = (device: typeof desk) => device!.channels.find((c) => c.channel_id === room.id);
      expect(of(desk)).toEqual({ channel_id: room.id, name: 'talk', rev: head - 1, head_rev: head, head_seq: first.seq + 1, delivered_seq: first.seq });
      expect(of(second)).toMatchObject({ rev: null, delivered_seq: null, head_rev: head });
      expect(desk!.noted_at).not.toBeNull();
      expect(second!.noted_at).toBeNull();
      expect(await talk.store.read((tx) => reportPerson(tx, 'nobody'))).toBeUndefined();
    } finally {
      await talk.close();
    }
  });
});
