import { describe, expect, it } from 'vitest';
import { createEngine } from '@parley/shared/sync/engine';
import { FakeClock, settle } from '@parley/shared/testing/fake-clock';
import { CHANNEL, channelDoc, DEVICE, FakeServer, INCARNATION, ME, membership, message, meUser, ok, WORKSPACE } from '@parley/shared/testing/fake-server';
import { MemoryKeyValue } from '@parley/shared/testing/memory-key-value';
import { MemoryUploads, storedFile } from '@parley/shared/testing/memory-uploads';
import { SeededRandom } from '@parley/shared/testing/seeded-random';
import type { Engine } from '@parley/shared/sync/api';
import { shareEngine } from './tabs.ts';
import type { TabMessage } from './wire.ts';

interface Waiting { tab: number; work: () => Promise<void>; done: () => void }

/** A browser with tabs that can be killed: locks are handed on, messages to the dead are lost. */
class Browser {
  readonly clock = new FakeClock();
  readonly server = new FakeServer();
  readonly cache = new MemoryKeyValue();
  readonly durable = new MemoryKeyValue();
  readonly uploads = new MemoryUploads();
  readonly engines: Engine[] = [];
  /** Tabs that were told that another one leads. */
  readonly following: number[] = [];
  private readonly dead = new Set<number>();
  private readonly listeners = new Map<number, (message: TabMessage) => void>();
  private readonly locks = new Map<string, Waiting[]>();
  private tabs = 0;
  private ids = 0;

  constructor() {
    const sent = (input: Record<string, unknown>) => message(4, 4, { author_id: ME, client_msg_id: String(input['client_msg_id']), content: String(input['content']) });
    this.server
      .on('sync', () => ok({
        server_time: '2025-01-01T00:00:00.000Z', incarnation: INCARNATION,
        streams: { [`user:${ME}`]: { from: 0, to: 1, head: 1, entities: [membership()], has_more: false }, [`workspace:${WORKSPACE}`]: { from: 0, to: 1, head: 1, entities: [{ type: 'workspace', id: WORKSPACE, rev: 1, name: 'Acme', settings: {} }], has_more: false } },
        channels: [{ channel_id: CHANNEL, head_seq: 3, head_rev: 3, read_epoch: 0, read_seq: 0, unread: 3, mentions: 0, last_message_at: null, channel: channelDoc(3, 3) }],
      }))
      .on('me', () => ok({ user: meUser, server_role: 'member', device_id: DEVICE, workspaces: [] }))
      .on('messages', () => ok({ messages: [message(1, 1), message(2, 2), message(3, 3)], head_seq: 3, head_rev: 3, has_more_before: false, has_more_after: false }))
      .on('send_message', (input) => ok({ message_id: sent(input).id, seq: 4, rev: 4, timestamp: sent(input).created_at, message: sent(input) }, 201));
  }

  private next(name: string): void {
    const [first] = this.locks.get(name) ?? [];
    if (!first) return;
    void first.work().then(() => {
      first.done();
      this.drop(name, first);
    });
  }
  private drop(name: string, waiting: Waiting): void {
    const queue = this.locks.get(name) ?? [];
    const held = queue[0] === waiting;
    this.locks.set(name, queue.filter((w) => w !== waiting));
    if (held) this.next(name);
  }

  async tab(): Promise<{ engine: Engine; kill(): void; started: Promise<void> }> {
    const id = ++this.tabs;
    const engine = shareEngine(ME, {
      lock: (name, work) => new Promise<void>((done) => {
        const queue = this.locks.get(name) ?? [];
        this.locks.set(name, [...queue, { tab: id, work, done }]);
        if (queue.length === 0) this.next(name);
      }),
      post: (said) => {
        if (this.dead.has(id)) return;
        for (const [to, listener] of this.listeners) if (to !== id) void Promise.resolve().then(() => this.dead.has(to) || listener(structuredClone(said)));
      },
      listen: (listener) => {
        this.listeners.set(id, listener);
        return () => this.listeners.delete(id);
      },
      newId: () => `id-${++this.ids}`,
    }, async () => {
      const made = createEngine({ accountId: ME, deviceId: DEVICE, transport: this.server, cache: this.cache, durable: this.durable, uploads: this.uploads, clock: this.clock, random: new SeededRandom(id) });
      this.engines.push(made);
      return made;
    }, () => void this.following.push(id));
    const started = engine.start();
    await settle();
    return {
      engine, started,
      kill: () => {
        this.dead.add(id);
        for (const [name, queue] of [...this.locks]) for (const waiting of queue) if (waiting.tab === id) this.drop(name, waiting);
      },
    };
  }
}

describe('tabs', () => {
  it('TAB1 one tab runs the engine and all show the same', async () => {
    const browser = new Browser();
    const first = await browser.tab();
    const second = await browser.tab();
    await Promise.all([first.started, second.started]);
    browser.server.socket.welcome();
    const timeline = second.engine.timeline(CHANNEL);
    second.engine.channels(WORKSPACE).get();
    await browser.clock.advance(1_000);
    expect(browser.engines).toHaveLength(1);
    expect(browser.following).toEqual([2]);
    expect(second.engine.channels(WORKSPACE).get()).toEqual(first.engine.channels(WORKSPACE).get());
    expect(second.engine.channels(WORKSPACE).get()).toMatchObject([{ id: CHANNEL, unread: 3 }]);
    expect(timeline.get().messages.map((m) => m.message.seq)).toEqual([1, 2, 3]);
    await second.engine.send({ channelId: CHANNEL, content: 'from the second', clientMsgId: 'x' });
    await browser.clock.advance(100);
    expect(browser.server.of('send_message')).toHaveLength(1);
    expect(timeline.get().messages.at(-1)?.key).toBe('x');
  });

  it('TAB2 when the leader goes the next goes on, and does once what was not answered', async () => {
    const browser = new Browser();
    const first = await browser.tab();
    const second = await browser.tab();
    await Promise.all([first.started, second.started]);
    const timeline = second.engine.timeline(CHANNEL);
    let told = 0;
    timeline.subscribe(() => { told += 1; });
    await browser.clock.advance(1_000);
    first.kill();
    const sending = second.engine.send({ channelId: CHANNEL, content: 'in between', clientMsgId: 'y' });
    await browser.clock.advance(2_000);
    await sending;
    expect(browser.engines).toHaveLength(2);
    expect(timeline.get().messages.map((m) => m.key)).toContain('y');
    expect(new Set(browser.server.of('send_message').map((a) => a.input['client_msg_id']))).toEqual(new Set(['y']));
    expect(told).toBeGreaterThan(0);
  });

  it('UPL7 the tab that leads carries the files of all, and the next goes on', async () => {
    const browser = new Browser();
    const first = await browser.tab();
    const second = await browser.tab();
    await Promise.all([first.started, second.started]);
    browser.server.socket.welcome();
    await browser.clock.advance(500);
    const upload = second.engine.upload('f1');
    const draft = second.engine.draft(CHANNEL, null);
    for (const shown of [upload, draft]) shown.subscribe(() => {});
    await second.engine.attach(CHANNEL, null, { id: 'f1', name: 'a.txt', size: 10, mime: 'text/plain' }, 'bytes');
    browser.uploads.of('f1').observer.url('/files/u1');
    browser.uploads.of('f1').observer.progress(6);
    await browser.clock.advance(100);
    expect(upload.get()?.state).toEqual({ kind: 'sending', sent: 6 });
    expect(first.engine.upload('f1').get()?.state).toEqual({ kind: 'sending', sent: 6 });
    expect(browser.uploads.started).toHaveLength(1);
    first.kill();
    await browser.engines[0]!.stop();
    await browser.clock.advance(2_000);
    expect(browser.uploads.started).toHaveLength(2);
    expect(browser.uploads.of('f1').task.url).toBe('/files/u1');
    browser.uploads.of('f1').end({ kind: 'ok', file: storedFile('00000000-0000-7000-9000-000000000501') });
    await browser.clock.advance(100);
    expect(upload.get()?.state.kind).toBe('done');
    expect(draft.get()?.files).toEqual(['f1']);
  });

  it('UPL7 a file that the dying leader was handed and did not keep is handed to the next', async () => {
    const browser = new Browser();
    const first = await browser.tab();
    const second = await browser.tab();
    await Promise.all([first.started, second.started]);
    await browser.clock.advance(500);
    const keep = browser.uploads.keep.bind(browser.uploads);
    browser.uploads.keep = () => new Promise(() => {});
    const attaching = second.engine.attach(CHANNEL, null, { id: 'f1', name: 'a.txt', size: 10, mime: 'text/plain' }, 'bytes');
    await browser.clock.advance(1_000);
    browser.uploads.keep = keep;
    first.kill();
    await browser.engines[0]!.stop();
    await browser.clock.advance(2_000);
    await attaching;
    expect(browser.uploads.bytes.get('f1')).toBe('bytes');
    expect(second.engine.draft(CHANNEL, null).get()?.files).toEqual(['f1']);
    expect(second.engine.upload('f1').get()?.state.kind).toBe('sending');
  });

  it('TAB5 after the session ended a new sign-in in the same page starts anew', async () => {
    const browser = new Browser();
    const first = await browser.tab();
    const second = await browser.tab();
    await Promise.all([first.started, second.started]);
    browser.server.socket.welcome();
    await browser.clock.advance(500);
    browser.server.socket.events.closed(4003, '');
    await browser.clock.advance(500);
    expect([first.engine.connection.get().kind, second.engine.connection.get().kind]).toEqual(['signed_out', 'signed_out']);
    const again = await browser.tab();
    await again.started;
    browser.server.socket.welcome();
    await browser.clock.advance(500);
    expect([again.engine.connection.get().kind, browser.engines.length]).toEqual(['live', 2]);
    expect(first.engine.connection.get().kind).toBe('signed_out');
  });

  it('TAB3 what a tab looks at ends with the tab', async () => {
    const browser = new Browser();
    const first = await browser.tab();
    const second = await browser.tab();
    await Promise.all([first.started, second.started]);
    browser.server.socket.welcome();
    second.engine.timeline(CHANNEL);
    await browser.clock.advance(500);
    const looks = () => browser.server.socket.sent.filter((f) => f.type === 'look').map((f) => (f as { channel_ids: string[] }).channel_ids);
    expect(looks().at(-1)).toEqual([CHANNEL]);
    second.kill();
    await browser.clock.advance(500);
    expect(looks().at(-1)).toEqual([]);
  });
});
