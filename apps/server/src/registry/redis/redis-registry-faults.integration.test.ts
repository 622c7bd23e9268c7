import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StreamName } from '@parley/shared/domain/streams';
import { partitionOf } from '../../log/partition.ts';
import { silentLogger } from '../../platform/logger.ts';
import { systemClock, systemRandom } from '../../platform/system.ts';
import { openRedis, type RedisLink } from '../../platform/redis/redis-link.ts';
import { redisServer, TestRedis } from '../../platform/redis/testing.redis.ts';
import type { DispatcherPort, GatewayInbox, LinkMessage } from '../port.ts';
import { RedisRegistry } from './redis-registry.ts';

const STREAM: StreamName = 'channel:00000000-0000-7000-8000-000000000001';
const PARTITION = partitionOf(STREAM);

/** Two processes or more, each with a link of its own, on one Redis, by real time. */
describe.skipIf(redisServer() === null)('registries of several processes', () => {
  let redis: TestRedis;
  const open: { link: RedisLink; registry: RedisRegistry }[] = [];
  const process = async (): Promise<{ link: RedisLink; registry: RedisRegistry }> => {
    const link = await openRedis(redis.url, { logger: silentLogger, name: 'test' });
    const made = { link, registry: new RedisRegistry(link, { clock: systemClock, random: systemRandom, logger: silentLogger }) };
    open.push(made);
    await made.registry.ready();
    return made;
  };
  const until = async (what: () => boolean | Promise<boolean>): Promise<void> => {
    while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  const gateway = (registry: RedisRegistry, id: string) => {
    const messages: LinkMessage[] = [];
    const presence: [string, string][] = [];
    const inbox: GatewayInbox = { deliver: (m) => messages.push(m), typing: () => undefined, presence: (u, s) => presence.push([u, s]), profileChanged: () => undefined };
    return { port: registry.attachGateway(id, inbox), messages, presence, bodies: () => messages.filter((m) => m.body.kind !== 'beat') };
  };
  /** Answers what it is asked, with the rev that it was told last. */
  const dispatcher = (registry: RedisRegistry, id: string) => {
    const followers = new Set<string>();
    const made: { port: DispatcherPort; followers: Set<string>; rev: number; asked: number } = {
      port: registry.attachDispatcher(id, {
        subscribe: (g, stream) => {
          followers.add(g);
          made.asked++;
          made.port.send(g, PARTITION, { kind: 'subscribed', stream, rev: made.rev, seq: 0 });
        },
        unsubscribe: (g) => followers.delete(g),
      }),
      followers, rev: 1, asked: 0,
    };
    return made;
  };
  const told = (g: { messages: LinkMessage[] }, id: string, rev: number): boolean => g.messages.some((m) => m.dispatcher === id && m.body.kind === 'subscribed' && m.body.rev === rev);

  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  beforeEach(() => redis.command('FLUSHALL'));
  afterEach(async () => {
    for (const { link, registry } of open.splice(0)) {
      await registry.close();
      await link.close();
    }
  });
  afterAll(() => redis.stop());

  it('a gateway of one process follows a dispatcher of another: answer first, then events with their frames, numbered', async () => {
    const [a, b] = [await process(), await process()];
    const g = gateway(a.registry, 'g1');
    const d = dispatcher(b.registry, 'd1');
    d.port.own(PARTITION, 1);
    g.port.subscribe(STREAM);
    await until(() => told(g, 'd1', 1));
    const frame = '{"type":"live","stream":"s","from":1,"rev":2,"entities":[{"type":"message","id":"m","rev":2,"content":"two\\nlines"}]}';
    d.port.send('g1', PARTITION, { kind: 'events', partition: PARTITION, events: [{ stream: STREAM, from: 1, rev: 2, seq: 1, frame, entities: [] }] });
    await until(() => g.bodies().some((m) => m.body.kind === 'events'));
    const last = g.bodies().at(-1)!;
    expect(last.body).toMatchObject({ kind: 'events', events: [{ frame, rev: 2, entities: [{ type: 'message', content: 'two\nlines' }] }] });
    const numbers = g.bodies().map((m) => m.number);
    expect(numbers).toEqual(numbers.map((_, i) => i + 1));
  });

  it('a partition that changes hands is introduced to the new owner, and the earlier one is not heard any more', async () => {
    const [a, b, c] = [await process(), await process(), await process()];
    const g = gateway(a.registry, 'g1');
    const [one, two] = [dispatcher(b.registry, 'd1'), dispatcher(c.registry, 'd2')];
    one.port.own(PARTITION, 1);
    g.port.subscribe(STREAM);
    await until(() => told(g, 'd1', 1));
    two.port.own(PARTITION, 2);
    await until(() => told(g, 'd2', 1));
    const before = g.bodies().length;
    one.port.send('g1', PARTITION, { kind: 'subscribed', stream: STREAM, rev: 9, seq: 0 });
    two.port.send('g1', PARTITION, { kind: 'subscribed', stream: STREAM, rev: 10, seq: 0 });
    await until(() => told(g, 'd2', 10));
    expect(g.bodies().slice(before).every((m) => m.dispatcher === 'd2')).toBe(true);
    expect(one.port.own(PARTITION, 1)).toBe(false);
  });

  it('FLUSHALL: who follows what is known again by itself, and so is who is here', async () => {
    const [a, b] = [await process(), await process()];
    const g = gateway(a.registry, 'g1');
    const d = dispatcher(b.registry, 'd1');
    d.port.own(PARTITION, 1);
    g.port.subscribe(STREAM);
    g.port.setDevice('ada', 'desk/1', 'online');
    a.registry.choose('ada', 'dnd', null);
    await until(() => told(g, 'd1', 1));
    await until(async () => (await b.registry.statesOf(['ada'])).get('ada') === 'dnd');
    d.rev = 5;
    await redis.command('FLUSHALL');
    await until(() => told(g, 'd1', 5));
    await until(async () => (await b.registry.statesOf(['ada'])).get('ada') === 'dnd');
  });

  it('Redis killed and started again, empty: callers see no error, and everything comes back', async () => {
    const [a, b] = [await process(), await process()];
    const g = gateway(a.registry, 'g1');
    const d = dispatcher(b.registry, 'd1');
    d.port.own(PARTITION, 1);
    g.port.subscribe(STREAM);
    g.port.setDevice('ada', 'desk/1', 'online');
    await until(() => told(g, 'd1', 1));
    await redis.kill();
    await until(() => !a.link.isUp() && !b.link.isUp());
    g.port.setDevice('bob', 'desk/2', 'away');
    g.port.typing({ channel_id: 'c', user_id: 'u', parent_message_id: null });
    d.port.send('g1', PARTITION, { kind: 'subscribed', stream: STREAM, rev: 2, seq: 0 });
    expect(await a.registry.statesOf(['ada', 'bob', 'eve'])).toEqual(new Map([['ada', 'online'], ['bob', 'away']]));
    expect(await b.registry.usageOf('ada')).toEqual({ active: false, connected: [] });
    d.rev = 7;
    await redis.run(true);
    await until(() => told(g, 'd1', 7));
    await until(async () => (await b.registry.statesOf(['ada', 'bob'])).size === 2);
  });

  it('a gateway that vanishes is dropped by dispatchers, and its devices with it', async () => {
    const [a, b, c] = [await process(), await process(), await process()];
    const g = gateway(a.registry, 'g1');
    const d = dispatcher(b.registry, 'd1');
    const watcher = gateway(c.registry, 'g2');
    watcher.port.watch('ada');
    d.port.own(PARTITION, 1);
    g.port.subscribe(STREAM);
    g.port.setDevice('ada', 'desk/1', 'online');
    await until(() => d.followers.has('g1') && watcher.presence.some(([u, s]) => u === 'ada' && s === 'online'));
    await a.registry.close();
    await a.link.close();
    await until(() => !d.followers.has('g1'));
    await until(() => watcher.presence.at(-1)?.[1] === 'offline');
    expect(await b.registry.statesOf(['ada'])).toEqual(new Map());
  }, 60_000);

  it('Redis that is silent is noticed, and followed again when it answers', async () => {
    const [a, b] = [await process(), await process()];
    const g = gateway(a.registry, 'g1');
    const d = dispatcher(b.registry, 'd1');
    d.port.own(PARTITION, 1);
    g.port.subscribe(STREAM);
    await until(() => told(g, 'd1', 1));
    redis.pause();
    await until(() => !a.link.isUp() && !b.link.isUp());
    d.rev = 3;
    redis.resume();
    await until(() => told(g, 'd1', 3));
  }, 60_000);
});
