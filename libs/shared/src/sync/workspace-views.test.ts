import { describe, expect, it } from 'vitest';
import type { Entity } from '../protocol/entities.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { CHANNEL, channelDoc, DEVICE, FakeServer, idOf, INCARNATION, ME, membership, meUser, ok, WORKSPACE } from '../testing/fake-server.ts';
import { MemoryKeyValue } from '../testing/memory-key-value.ts';
import { SeededRandom } from '../testing/seeded-random.ts';
import type { Engine } from './api.ts';
import { createEngine } from './engine.ts';

const USER = `user:${ME}`;
const HOME = `workspace:${WORKSPACE}`;
const OTHER = idOf(77);
const group = (n: number, more: object = {}) => ({ type: 'group', id: idOf(n), workspace_id: WORKSPACE, name: `Group ${n}`, handle: `g${n}`, member_count: 1, archived: false, rev: n, ...more }) as unknown as Entity;
const emoji = (n: number, more: object = {}) => ({ type: 'emoji', id: idOf(n), workspace_id: WORKSPACE, name: `e${n}`, url: `/e${n}`, width: 64, height: 64, animated: false, added_by: ME, rev: n, ...more }) as unknown as Entity;

class World {
  readonly clock = new FakeClock();
  readonly server = new FakeServer();
  readonly cache = new MemoryKeyValue();
  readonly durable = new MemoryKeyValue();
  engine!: Engine;
  gone = false;
  home: Entity[] = [{ type: 'workspace', id: WORKSPACE, rev: 1, name: 'Acme', settings: {} } as unknown as Entity, group(3), group(2, { handle: 'a' }), emoji(5, { name: 'z' }), emoji(6, { name: 'b' })];

  constructor() {
    this.server
      .on('sync', () => ok({
        server_time: '2025-01-01T00:00:00.000Z', incarnation: INCARNATION,
        streams: { [USER]: { from: 0, to: 1, head: 1, entities: [membership()], has_more: false }, [HOME]: { from: 0, to: 20, head: 20, entities: this.home, has_more: false }, ...(this.gone && { [`workspace:${OTHER}`]: { from: 0, to: 0, head: 0, entities: [], has_more: false, gone: true } }) },
        channels: [{ channel_id: CHANNEL, head_seq: 0, head_rev: 0, read_epoch: 0, read_seq: 0, unread: 0, mentions: 0, last_message_at: null, channel: channelDoc(0, 0) }],
      }))
      .on('me', () => ok({ user: meUser, server_role: 'member', device_id: DEVICE, workspaces: [] }));
  }
  async start(): Promise<this> {
    this.engine = createEngine({ accountId: ME, deviceId: DEVICE, token: 't', transport: this.server, cache: this.cache, durable: this.durable, clock: this.clock, random: new SeededRandom(1) });
    await this.engine.start();
    return this;
  }
  async live(): Promise<this> {
    await this.start();
    await this.clock.advance(0);
    this.server.socket.welcome();
    await this.clock.advance(500);
    return this;
  }
  async says(stream: string, from: number, entity: object): Promise<void> {
    this.server.socket.say({ type: 'live', stream, from, rev: from + 1, entities: [{ rev: from + 1, ...entity } as Entity] });
    await this.clock.advance(500);
  }
  groups = (ws = WORKSPACE) => this.engine.groups(ws).get().map((g) => [g.handle, g.mine]);
  emoji = (ws = WORKSPACE) => this.engine.customEmoji(ws).get().map((e) => e.name);
}

describe('what is the workspace\'s', () => {
  it('WSP1 groups and custom emoji come in order, change live, stay through a start without a server, and go', async () => {
    const w = await new World().live();
    expect(w.groups()).toEqual([['a', false], ['g3', false]]);
    expect(w.emoji()).toEqual(['b', 'z']);
    await w.says(HOME, 20, group(3, { handle: 'b', rev: 21 }));
    await w.says(HOME, 21, { type: 'emoji', id: idOf(5), workspace_id: WORKSPACE, deleted: true });
    await w.says(HOME, 22, { type: 'group', id: idOf(2), workspace_id: WORKSPACE, deleted: true });
    expect([w.groups(), w.emoji()]).toEqual([[['b', false]], ['b']]);
    expect(w.engine.group(idOf(2)).get()).toBeNull();
    await w.clock.advance(1_000);
    await w.engine.stop();
    await w.start();
    expect([w.groups(), w.emoji()]).toEqual([[['b', false]], ['b']]);
  });

  it('WSP1 another workspace has its own, and they go with it', async () => {
    const w = await new World().live();
    await w.says(`workspace:${OTHER}`, 0, group(9, { workspace_id: OTHER, rev: 1 }));
    await w.says(`workspace:${OTHER}`, 1, emoji(8, { workspace_id: OTHER, name: 'b', rev: 2 }));
    expect([w.groups(OTHER), w.emoji(OTHER)]).toEqual([[['g9', false]], ['b']]);
    expect(w.groups()).toHaveLength(2);
    w.gone = true;
    w.server.socket.say({ type: 'delta', stream: `workspace:${OTHER}`, from: 0, to: 0, head: 0, entities: [], has_more: false, gone: true });
    await w.clock.advance(500);
    expect([w.groups(OTHER), w.emoji(OTHER), w.groups().length, w.emoji().length]).toEqual([[], [], 2, 2]);
  });

  it('WSP2 a group is one\'s own as long as the own stream says so', async () => {
    const w = await new World().live();
    await w.says(USER, 1, { type: 'group_membership', id: idOf(3), group_id: idOf(3), workspace_id: WORKSPACE });
    expect(w.groups()).toEqual([['a', false], ['g3', true]]);
    expect(w.engine.group(idOf(3)).get()).toMatchObject({ mine: true });
    await w.says(USER, 2, { type: 'group_membership', id: idOf(3), deleted: true });
    expect(w.groups()).toEqual([['a', false], ['g3', false]]);
  });
});
