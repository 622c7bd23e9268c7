import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { CHANNEL, channelDoc, DEVICE, FakeServer, idOf, INCARNATION, ME, membership, message, meUser, ok, problem, WORKSPACE } from '../testing/fake-server.ts';
import { MemoryKeyValue } from '../testing/memory-key-value.ts';
import { MemoryUploads, storedFile } from '../testing/memory-uploads.ts';
import { SeededRandom } from '../testing/seeded-random.ts';
import type { AttachedFile, Engine } from './api.ts';
import { createEngine } from './engine.ts';

const PHONE = '00000000-0000-7000-8000-00000000000e';
const file = (id: string, more: Partial<AttachedFile> = {}): AttachedFile => ({ id, name: `${id}.txt`, size: 10, mime: 'text/plain', ...more });

class World {
  readonly clock = new FakeClock();
  readonly server = new FakeServer();
  readonly uploads = new MemoryUploads();
  readonly durable = new MemoryKeyValue();
  readonly cache = new MemoryKeyValue();
  engine!: Engine;
  private seq = 3;
  private readonly byClientId = new Map<string, unknown>();

  constructor() {
    this.server
      .on('sync', () => ok({
        server_time: '2025-01-01T00:00:00.000Z', incarnation: INCARNATION,
        streams: {
          [`user:${ME}`]: { from: 0, to: 1, head: 1, entities: [membership()], has_more: false },
          [`workspace:${WORKSPACE}`]: { from: 0, to: 1, head: 1, entities: [{ type: 'workspace', id: WORKSPACE, rev: 1, name: 'Acme', settings: {} }], has_more: false },
        },
        channels: [{ channel_id: CHANNEL, head_seq: 3, head_rev: 3, read_epoch: 0, read_seq: 0, unread: 3, mentions: 0, last_message_at: null, channel: channelDoc(3, 3) }],
      }))
      .on('me', () => ok({ user: meUser, server_role: 'member', device_id: DEVICE, workspaces: [] }))
      .on('users', () => ok({ items: [], next_cursor: null }))
      .on('messages', () => ok({ messages: [message(1, 1), message(2, 2), message(3, 3)], head_seq: 3, head_rev: 3, has_more_before: false, has_more_after: false }))
      .on('put_draft', (input) => ok({ ...input, file_ids: input['file_ids'] ?? [], version: Number(input['base_version']) + 1, device_id: DEVICE, updated_at: '2025-01-01T00:00:00.000Z' }))
      .on('delete_draft', () => ok(undefined, 204))
      .on('send_message', (input) => ok(this.sent(input), 201));
  }
  /** As the server does: the same client_msg_id is the same message. */
  sent(input: Record<string, unknown>, fileIds = (input['file_ids'] ?? []) as string[]): unknown {
    const id = String(input['client_msg_id']);
    const held = this.byClientId.get(id);
    if (held) return held;
    const seq = ++this.seq;
    const made = message(seq, seq, { author_id: ME, client_msg_id: id, content: String(input['content']), files: fileIds.map((one) => storedFile(one)) });
    const answer = { message_id: made.id, seq, rev: seq, timestamp: made.created_at, message: made };
    this.byClientId.set(id, answer);
    return answer;
  }
  async start(): Promise<this> {
    this.engine = createEngine({ accountId: ME, deviceId: DEVICE, token: 't', transport: this.server, cache: this.cache, durable: this.durable, uploads: this.uploads, clock: this.clock, random: new SeededRandom(1) });
    await this.engine.start();
    await this.clock.advance(0);
    this.server.socket.welcome();
    await this.clock.advance(500);
    return this;
  }
  async restart(): Promise<this> {
    await this.engine.stop();
    return this.start();
  }
  async attach(...ids: string[]): Promise<void> {
    for (const id of ids) await this.engine.attach(CHANNEL, null, file(id), `bytes of ${id}`);
  }
  /** Sends the draft as the composer does. */
  send(content: string, ...ids: string[]): Promise<void> {
    const draft = this.engine.draft(CHANNEL, null).get();
    return this.engine.send({ channelId: CHANNEL, content, files: ids.map((id) => file(id)), ...(draft && { clientMsgId: draft.clientMsgId }) });
  }
  async done(id: string, n: number): Promise<void> {
    this.uploads.of(id).end({ kind: 'ok', file: storedFile(idOf(n), `${id}.txt`) });
    await this.clock.advance(0);
  }
  state(id: string) { return this.engine.upload(id).get()?.state; }
  draftFiles(): readonly string[] { return this.engine.draft(CHANNEL, null).get()?.files ?? []; }
  sends(): Record<string, unknown>[] { return this.server.of('send_message').map((one) => one.input); }
  userFrame(rev: number, entity: Record<string, unknown>): void { this.server.socket.say({ type: 'live', stream: `user:${ME}`, from: rev - 1, rev, entities: [{ rev, ...entity } as never] }); }
  draftEntity(more: Record<string, unknown>): Record<string, unknown> {
    return { type: 'draft', channel_id: CHANNEL, thread_root_id: null, content: '', file_ids: [], version: 2, device_id: PHONE, updated_at: '2025-01-01T00:00:01.000Z', client_msg_id: more['id'], ...more };
  }
}

describe('files', () => {
  it('UPL1 shows a file at once and carries three at a time, in the order of adding', async () => {
    const w = await new World().start();
    const adding = w.engine.attach(CHANNEL, null, file('one'), 'bytes');
    expect(w.draftFiles()).toEqual(['one']);
    expect(w.state('one')).toMatchObject({ kind: 'sending' });
    await adding;
    await w.attach('two', 'three', 'four');
    expect(w.uploads.started.map((run) => run.task.id)).toEqual(['one', 'two', 'three']);
    expect(w.state('four')).toEqual({ kind: 'waiting' });
    w.uploads.of('two').observer.progress(5);
    expect(w.state('two')).toEqual({ kind: 'sending', sent: 5 });
    await w.done('one', 501);
    expect(w.state('one')).toMatchObject({ kind: 'done', file: { id: idOf(501) } });
    expect(w.uploads.started.map((run) => run.task.id)).toEqual(['one', 'two', 'three', 'four']);
  });

  it('UPL1 goes on where it was cut, by itself and after a restart', async () => {
    const w = await new World().start();
    await w.attach('one');
    const first = w.uploads.of('one');
    first.observer.url('/api/v1/files/u1');
    first.observer.progress(7);
    first.end({ kind: 'unreached', reason: 'cut' });
    await w.clock.advance(0);
    expect(w.state('one')).toMatchObject({ kind: 'stopped', sent: 7 });
    await w.clock.advance(1_000);
    expect(w.uploads.started).toHaveLength(2);
    expect(w.uploads.of('one').task.url).toBe('/api/v1/files/u1');
    await w.restart();
    expect(w.uploads.of('one').task.url).toBe('/api/v1/files/u1');
    expect(w.uploads.started).toHaveLength(3);
    await w.done('one', 501);
    expect(w.draftFiles()).toEqual(['one']);
  });

  it('UPL1 waits for the network and says how far it came', async () => {
    const w = await new World().start();
    await w.attach('one');
    w.uploads.of('one').observer.progress(4);
    w.engine.setOnline(false);
    await w.clock.advance(0);
    expect(w.state('one')).toEqual({ kind: 'stopped', sent: 4, retryAt: null });
    w.engine.wake();
    await w.clock.advance(10);
    expect(w.state('one')).toMatchObject({ kind: 'sending' });
  });

  it('UPL2 a send waits for its files, is overtaken, and goes out once', async () => {
    const w = await new World().start();
    const timeline = w.engine.timeline(CHANNEL);
    await w.attach('one', 'two');
    await w.send('with files', 'one', 'two');
    expect(w.draftFiles()).toEqual([]);
    expect(w.engine.outbox.get()[0]!.state).toMatchObject({ kind: 'waiting', reason: 'files', files: 2 });
    expect(timeline.get().pending[0]!.message.files.map((one) => one.id)).toEqual(['one', 'two']);
    await w.send('ready');
    await w.clock.advance(10);
    expect(w.sends().map((one) => one['content'])).toEqual(['ready']);
    await w.done('two', 502);
    expect(timeline.get().pending[0]!.pending).toMatchObject({ reason: 'files', files: 1 });
    await w.restart();
    await w.done('one', 501);
    await w.clock.advance(10);
    expect(w.sends().slice(1)).toMatchObject([{ content: 'with files', file_ids: [idOf(501), idOf(502)] }]);
    expect(w.engine.outbox.get()).toEqual([]);
    timeline.close();
  });

  it('UPL2 after a lost answer the same files are named again', async () => {
    const w = await new World().start();
    await w.attach('one');
    await w.send('', 'one');
    w.server.on('send_message', () => 'never');
    await w.done('one', 501);
    w.server.on('send_message', (input) => ok(w.sent(input), 201));
    await w.restart();
    await w.clock.advance(10);
    const [first, second] = w.sends();
    expect(second).toEqual(first);
    expect(w.engine.outbox.get()).toEqual([]);
  });

  it('UPL3 a refused file makes its send say which; without it the rest goes', async () => {
    const w = await new World().start();
    await w.attach('one', 'two');
    await w.send('text', 'one', 'two');
    await w.done('one', 501);
    w.uploads.of('two').end({ kind: 'problem', problem: { type: 'about:blank', title: 'Too large', status: 413, code: 'too_large' }, retryAfterMs: null });
    await w.clock.advance(0);
    const [item] = w.engine.outbox.get();
    expect(item!.state).toMatchObject({ kind: 'refused', code: 'file_refused', detail: 'two.txt' });
    expect(w.state('two')).toEqual({ kind: 'refused', code: 'too_large', detail: 'Too large' });
    expect(w.sends()).toEqual([]);
    await w.engine.sendWithout(item!.id, 'two');
    await w.clock.advance(10);
    expect(w.sends()).toMatchObject([{ content: 'text', file_ids: [idOf(501)] }]);
  });

  it('UPL3 a refused file is tried again from the start; what is left with nothing goes', async () => {
    const w = await new World().start();
    await w.attach('one');
    await w.send('', 'one');
    w.uploads.of('one').observer.url('/api/v1/files/u1');
    w.uploads.of('one').end({ kind: 'problem', problem: { type: 'about:blank', title: 'Quota', status: 403, code: 'quota' }, retryAfterMs: null });
    await w.clock.advance(0);
    await w.engine.retry(w.engine.outbox.get()[0]!.id);
    await w.clock.advance(0);
    expect(w.uploads.started).toHaveLength(2);
    expect(w.uploads.of('one').task.url).toBeNull();
    w.uploads.of('one').end({ kind: 'problem', problem: { type: 'about:blank', title: 'Quota', status: 403, code: 'quota' }, retryAfterMs: null });
    await w.clock.advance(0);
    await w.engine.sendWithout(w.engine.outbox.get()[0]!.id, 'one');
    expect(w.engine.outbox.get()).toEqual([]);
    expect(w.sends()).toEqual([]);
  });

  it('UPL3 bytes that were not kept are asked for again after a restart', async () => {
    const w = await new World().start();
    w.uploads.full = true;
    await w.attach('one');
    await w.send('big', 'one');
    w.uploads.bytes.clear();
    await w.restart();
    expect(w.state('one')).toEqual({ kind: 'lost' });
    expect(w.engine.outbox.get()[0]!.state).toMatchObject({ kind: 'refused', code: 'file_lost', detail: 'one.txt' });
    await w.engine.supply('one', 'bytes again');
    expect(w.engine.outbox.get()[0]!.state).toMatchObject({ kind: 'waiting', reason: 'files' });
    await w.done('one', 501);
    await w.clock.advance(10);
    expect(w.sends()).toMatchObject([{ content: 'big', file_ids: [idOf(501)] }]);
  });

  it('UPL4 bytes go with the answer, with the draft and with the sign-out, and not before', async () => {
    const w = await new World().start();
    await w.attach('one', 'two', 'three');
    await w.send('x', 'one');
    w.engine.attachStored(CHANNEL, null, []);
    await w.done('one', 501);
    await w.clock.advance(2_000);
    expect([...w.uploads.bytes.keys()]).not.toContain('one');
    expect(w.engine.upload('one').get()).toBeNull();
    await w.attach('four', 'five');
    w.engine.detach(CHANNEL, null, 'four');
    await w.clock.advance(2_000);
    expect([...w.uploads.bytes.keys()]).toEqual(['five']);
    expect(w.uploads.of('four').stopped).toBe(true);
    expect(w.durable.keys('uploads')).toEqual(['five']);
    w.server.on('sign_out', () => ok(undefined, 204));
    await w.engine.signOut();
    expect(w.uploads.bytes.size).toBe(0);
  });

  it('UPL4 what a crash left over goes at the start', async () => {
    const w = await new World().start();
    await w.attach('one');
    w.uploads.bytes.set('stray', 'bytes');
    await w.durable.write([{ collection: 'uploads', key: 'stray', value: { ...file('stray'), channelId: CHANNEL, at: 0, kept: true, url: null, sent: 0, file: null, refused: null } }]);
    await w.restart();
    expect(w.engine.upload('stray').get()).toBeNull();
    expect([...w.uploads.bytes.keys()]).toEqual(['one']);
    expect(w.durable.keys('uploads')).toEqual(['one']);
  });

  it('UPL5 a draft of files alone is kept, told when they are there, and shown by the other device\'s ids', async () => {
    const w = await new World().start();
    await w.attach('one');
    await w.clock.advance(5_000);
    expect(w.server.of('put_draft')).toEqual([]);
    await w.done('one', 501);
    await w.clock.advance(5_000);
    expect(w.server.of('put_draft')[0]!.input).toMatchObject({ content: '', file_ids: [idOf(501)] });
    await w.restart();
    expect(w.draftFiles()).toEqual(['one']);
    const id = w.engine.draft(CHANNEL, null).get()!.clientMsgId;
    w.userFrame(2, w.draftEntity({ id, content: 'more', file_ids: [idOf(501), idOf(777)] }));
    await w.clock.advance(0);
    expect(w.engine.draft(CHANNEL, null).get()).toMatchObject({ content: 'more', files: ['one', idOf(777)], others: [] });
  });

  it('UPL5 a file that is on its way stays when the draft is taken over from another device, or sent there', async () => {
    const w = await new World().start();
    w.userFrame(2, w.draftEntity({ id: idOf(600), content: 'theirs' }));
    await w.clock.advance(0);
    await w.attach('one');
    w.userFrame(3, w.draftEntity({ id: idOf(600), content: 'theirs, longer', version: 3 }));
    await w.clock.advance(0);
    expect(w.engine.draft(CHANNEL, null).get()).toMatchObject({ content: 'theirs, longer', files: ['one'] });
    w.userFrame(4, { type: 'draft', id: idOf(600), deleted: true });
    await w.clock.advance(2_000);
    expect(w.engine.draft(CHANNEL, null).get()).toMatchObject({ content: '', files: ['one'] });
    expect(w.uploads.bytes.has('one')).toBe(true);
  });

  it('UPL5 files come back into the draft with a send that is taken back, and stay when only the text is scheduled', async () => {
    const w = await new World().start();
    await w.attach('one');
    await w.send('text', 'one');
    const id = w.engine.outbox.get()[0]!.key!;
    expect(await w.engine.unsend(CHANNEL, id)).toBe('text');
    expect(w.engine.draft(CHANNEL, null).get()).toMatchObject({ content: 'text', files: ['one'] });
    await w.clock.advance(2_000);
    expect(w.uploads.bytes.has('one')).toBe(true);
    await w.engine.schedule({ channelId: CHANNEL, content: 'text', clientMsgId: w.engine.draft(CHANNEL, null).get()!.clientMsgId, sendAt: '2030-01-01T00:00:00.000Z' });
    expect(w.engine.draft(CHANNEL, null).get()).toMatchObject({ content: '', files: ['one'] });
    await w.restart();
    expect(w.draftFiles()).toEqual(['one']);
  });

  it('UPL6 a send that waits for files while another device sends the same draft goes on with what the message lacks', async () => {
    const w = await new World().start();
    const timeline = w.engine.timeline(CHANNEL);
    await w.attach('one', 'two');
    await w.done('one', 501);
    const id = w.engine.draft(CHANNEL, null).get()!.clientMsgId;
    await w.send('text', 'one', 'two');
    w.server.socket.say({ type: 'live', stream: `channel:${CHANNEL}`, from: 3, rev: 4, entities: [message(4, 4, { author_id: ME, client_msg_id: id, content: 'text', files: [storedFile(idOf(501))] })] });
    await w.clock.advance(50);
    expect(timeline.get().pending).toMatchObject([{ message: { content: '', files: [{ id: 'two' }] }, pending: { reason: 'files', files: 1 } }]);
    await w.done('two', 502);
    await w.clock.advance(50);
    expect(w.sends()).toMatchObject([{ content: '', file_ids: [idOf(502)] }]);
    timeline.close();
  });

  it('UPL6 a refused send that another device sent without one of its files stays with that file', async () => {
    const w = await new World().start();
    const timeline = w.engine.timeline(CHANNEL);
    await w.attach('one', 'two');
    await w.done('one', 501);
    await w.done('two', 502);
    const id = w.engine.draft(CHANNEL, null).get()!.clientMsgId;
    w.server.on('send_message', () => problem(403, 'forbidden'));
    await w.send('text', 'one', 'two');
    await w.clock.advance(50);
    w.server.socket.say({ type: 'live', stream: `channel:${CHANNEL}`, from: 3, rev: 4, entities: [message(4, 4, { author_id: ME, client_msg_id: id, content: 'text', files: [storedFile(idOf(501))] })] });
    await w.clock.advance(50);
    expect(w.engine.outbox.get()).toMatchObject([{ content: '', files: [{ id: 'two' }], state: { kind: 'refused', code: 'forbidden' } }]);
    w.server.on('send_message', (input) => ok(w.sent(input), 201));
    await w.engine.retry(w.engine.outbox.get()[0]!.id);
    await w.clock.advance(50);
    expect(w.sends().at(-1)).toMatchObject({ content: '', file_ids: [idOf(502)] });
    expect(w.engine.outbox.get()).toEqual([]);
    timeline.close();
  });

  it('UPL6 files that another device\'s send of the same draft lacks follow in one message, however often it is tried', async () => {
    const w = await new World().start();
    await w.attach('one', 'two');
    await w.done('one', 501);
    await w.done('two', 502);
    const id = w.engine.draft(CHANNEL, null).get()!.clientMsgId;
    const theirs = message(4, 4, { author_id: ME, client_msg_id: id, content: 'text', files: [storedFile(idOf(501))] });
    w.server.on('send_message', (input) => (input['client_msg_id'] === id ? { ...problem(409, 'conflict', { message: theirs }) as object } as never : ok(w.sent(input), 201)));
    await w.send('text', 'one', 'two');
    await w.clock.advance(50);
    const rest = w.sends().filter((one) => one['client_msg_id'] !== id);
    expect(rest).toMatchObject([{ content: '', file_ids: [idOf(502)] }]);
    expect(w.engine.outbox.get()).toEqual([]);
  });
});
