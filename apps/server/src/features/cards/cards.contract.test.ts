import { updateWorkspace } from '@parley/shared/protocol/calls/accounts';
import { cardPicture, removeCard } from '@parley/shared/protocol/calls/cards';
import { deleteMessage, editMessage, getMessages, sendMessage } from '@parley/shared/protocol/calls/messages';
import type { Card, Message } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bytes } from '../../edge/bytes.ts';
import { MemoryFiles } from '../../files/memory/memory-files.ts';
import type { JobHandler } from '../../jobs/job-worker.ts';
import type { LeasedJob } from '../../jobs/port.ts';
import { StoreJobs } from '../../jobs/store-jobs.ts';
import type { LinkReader, LinkReading } from '../../links/port.ts';
import { Conversation, STORES } from '../../testing/conversation-world.ts';
import { linkCards } from '../../storage/tables.ts';
import { TEST_ORIGIN } from '../../testing/test-core.ts';
import { linkCardsJob, LINK_CARDS_JOB } from './cards.service.ts';

const picture = { bytes: Buffer.from('picture'), mime: 'image/webp', width: 30, height: 20, thumbhash: 'aGFzaA==' } as const;
const page = (title: string, withPicture = false): LinkReading => ({ kind: 'page', facts: { title, description: 'd', site: 's' }, picture: withPicture ? picture : null });

/** Pages as a test wants them; counts how often each was asked for. */
class FakeLinks implements LinkReader {
  readonly asked: string[] = [];
  readonly pages = new Map<string, LinkReading>();
  failure: Error | null = null;
  async read(url: string): Promise<LinkReading> {
    this.asked.push(url);
    if (this.failure) throw this.failure;
    return this.pages.get(url) ?? page(`page of ${url}`);
  }
}

describe.each(STORES)('link cards on $adapter', (adapter) => {
  let talk: Conversation;
  let room: { id: string };
  let links: FakeLinks;
  let handle: JobHandler;
  let queue: StoreJobs;
  beforeEach(async () => {
    talk = await Conversation.open(adapter);
    room = await talk.room('room', [talk.alice, talk.bob]);
    links = new FakeLinks();
    queue = new StoreJobs(talk.store);
    handle = linkCardsJob({ ...talk.world.deps, links });
  });
  afterEach(() => talk.close());

  const leased = async (): Promise<LeasedJob[]> => {
    await talk.settle();
    return (await queue.lease(100, 1_000)).filter((job) => job.kind === LINK_CARDS_JOB);
  };
  const work = async (): Promise<number> => {
    const jobs = await leased();
    for (const job of jobs) {
      await handle(job, new AbortController().signal);
      await queue.complete(job);
    }
    return jobs.length;
  };
  const now = async (message: Message): Promise<Message> => (await talk.as(talk.bob).call(getMessages, { channel_id: room.id, message_id: message.id })).messages.find((m) => m.id === message.id)!;
  const cards = async (message: Message): Promise<string[]> => ((await now(message)).cards ?? []).map((card) => card.url);
  const edit = (message: Message, content: string) => talk.as(talk.alice).call(editMessage, { message_id: message.id, content });
  const remove = (message: Message, url: string, by = talk.alice) => talk.as(by).call(removeCard, { message_id: message.id, url });

  it('come after the send, with a rev of their own, and the send waits for nothing', async () => {
    const sent = await talk.send(talk.alice, room, 'see https://a.example/x and <https://b.example>');
    expect(sent.cards).toBeUndefined();
    expect(links.asked).toEqual([]);
    await work();
    const after = await now(sent);
    expect(after.rev).toBeGreaterThan(sent.rev);
    expect(after.cards).toEqual([
      { url: 'https://a.example/x', title: 'page of https://a.example/x', description: 'd', site: 's' },
      { url: 'https://b.example', title: 'page of https://b.example', description: 'd', site: 's' },
    ]);
    const told = talk.events.filter((event) => event.stream === `channel:${room.id}`).at(-1)!;
    expect(told.entities).toEqual([expect.objectContaining({ type: 'message', id: sent.id, rev: after.rev, cards: after.cards })]);
  });

  it('at most three, of links and of nothing in code', async () => {
    const sent = await talk.send(talk.alice, room, '`https://code.example` https://a.example https://b.example https://c.example https://d.example\n```\nhttps://e.example\n```');
    await work();
    expect(await cards(sent)).toEqual(['https://a.example', 'https://b.example', 'https://c.example']);
    await talk.send(talk.alice, room, 'no link at all');
    expect(await work()).toBe(0);
  });

  it('one of a message on this server is left to the reader, and counts', async () => {
    const other = `${TEST_ORIGIN}/w/${talk.world.workspace.id}/c/${room.id}/m/${room.id}`;
    const sent = await talk.send(talk.alice, room, `${other} <parley://localhost:3210/w/${room.id}/c/${room.id}> https://a.example https://b.example`);
    await work();
    expect(await cards(sent)).toEqual(['https://a.example']);
    expect(links.asked).toEqual(['https://a.example']);
    expect(JSON.stringify((await now(sent)).cards)).not.toContain('/w/');
  });

  it('a hundred posts of one link read it once, and again when its time is over', async () => {
    for (let i = 0; i < 100; i++) await talk.send(talk.alice, room, `${i} https://a.example/#${i % 2}`);
    const jobs = await leased();
    await Promise.all(jobs.map((job) => handle(job, new AbortController().signal)));
    expect([jobs.length, links.asked.length]).toEqual([100, 1]);
    const last = await talk.send(talk.alice, room, 'https://a.example/');
    for (const job of jobs) await queue.complete(job);
    await work();
    expect([await cards(last), links.asked.length]).toEqual([['https://a.example/'], 1]);
    await talk.world.clock.advance(25 * 3_600_000);
    await talk.send(talk.alice, room, 'https://a.example/');
    await work();
    expect(links.asked.length).toBe(2);
  });

  it('what led to nothing is remembered for hours, what could not be reached for minutes', async () => {
    links.pages.set('https://none.example', { kind: 'nothing' });
    links.pages.set('https://away.example', { kind: 'unreachable' });
    const post = async () => {
      const sent = await talk.send(talk.alice, room, 'https://none.example https://away.example');
      await work();
      return cards(sent);
    };
    expect([await post(), await post(), links.asked.length]).toEqual([[], [], 2]);
    await talk.world.clock.advance(11 * 60_000);
    await post();
    expect(links.asked.slice(2)).toEqual(['https://away.example']);
    await talk.world.clock.advance(7 * 3_600_000);
    await post();
    expect(links.asked.filter((url) => url === 'https://none.example')).toHaveLength(2);
    expect(await talk.store.read((tx) => tx.count(linkCards, {}))).toBe(2);
  });

  it('an edit that takes the link away takes its card at once, and a new link gets one', async () => {
    const sent = await talk.send(talk.alice, room, 'https://a.example https://b.example');
    await work();
    const edited = await edit(sent, 'only https://b.example now, and https://c.example');
    expect(edited.cards?.map((card) => card.url)).toEqual(['https://b.example']);
    await work();
    expect(await cards(sent)).toEqual(['https://b.example', 'https://c.example']);
    expect((await edit(sent, 'nothing')).cards).toBeUndefined();
    await work();
    expect(await now(sent)).not.toHaveProperty('cards');
  });

  it('what was read for a text that has changed since is not shown', async () => {
    const sent = await talk.send(talk.alice, room, 'https://a.example');
    const [job] = await leased();
    links.failure = new ParleyError('unavailable');
    await expect(handle(job!, new AbortController().signal)).rejects.toThrow();
    links.failure = null;
    let edited = false;
    const slow: LinkReader = {
      read: async (url) => {
        if (!edited) await edit(sent, 'https://b.example');
        edited = true;
        return links.read(url);
      },
    };
    await linkCardsJob({ ...talk.world.deps, links: slow })(job!, new AbortController().signal);
    expect(await cards(sent)).toEqual([]);
    await work();
    expect(await cards(sent)).toEqual(['https://b.example']);
  });

  it('the author takes one off, and it stays off after edits; nobody else may', async () => {
    const sent = await talk.send(talk.alice, room, 'https://a.example https://b.example');
    await work();
    await expect(remove(sent, 'https://a.example', talk.bob)).rejects.toMatchObject({ problem: { code: 'forbidden' } });
    await expect(remove(sent, 'https://a.example', talk.olivia)).rejects.toMatchObject({ problem: { code: 'forbidden' } });
    await expect(remove(sent, 'https://a.example', talk.guest)).rejects.toMatchObject({ problem: { code: 'not_found' } });
    const less = await remove(sent, 'https://a.example');
    expect(less.cards?.map((card) => card.url)).toEqual(['https://b.example']);
    expect((await remove(sent, 'https://a.example')).rev).toBe(less.rev);
    await edit(sent, 'again https://a.example https://b.example');
    await work();
    expect(await cards(sent)).toEqual(['https://b.example']);
    await remove(sent, 'https://b.example');
    expect(await now(sent)).not.toHaveProperty('cards');
    await talk.as(talk.alice).call(deleteMessage, { message_id: sent.id });
    await expect(remove(sent, 'https://b.example')).rejects.toMatchObject({ problem: { code: 'conflict' } });
  });

  it('a deleted message has none, also when it is deleted while they are read', async () => {
    const sent = await talk.send(talk.alice, room, 'https://a.example');
    await work();
    await edit(sent, 'https://a.example https://b.example');
    const jobs = await leased();
    expect((await talk.as(talk.alice).call(deleteMessage, { message_id: sent.id })).cards).toBeUndefined();
    for (const job of jobs) await handle(job, new AbortController().signal);
    expect(await now(sent)).not.toHaveProperty('cards');
  });

  it('events and jobs may come again: nothing doubles, no rev is taken', async () => {
    const sent = await talk.send(talk.alice, room, 'https://a.example');
    const jobs = await leased();
    for (const job of [...jobs, ...jobs]) await handle(job, new AbortController().signal);
    const { rev } = await now(sent);
    await Promise.all(jobs.map((job) => handle(job, new AbortController().signal)));
    expect((await now(sent)).rev).toBe(rev);
    expect(links.asked).toHaveLength(1);
  });

  it('whatever step the worker dies at, the next one goes on from there', async () => {
    links.pages.set('https://a.example', page('A', true));
    for (const step of ['read', 'keep', 'cards.remember', 'cards.set'] as const) {
      const sent = await talk.send(talk.alice, room, `https://a.example/?${step}`);
      links.pages.set(`https://a.example/?${step}`, page('A', true));
      const [job] = await leased();
      const died = new Error('died');
      const dying = {
        ...talk.world.deps,
        links: step === 'read' ? { read: async () => { throw died; } } : links,
        cardPictures: step === 'keep' ? Object.assign(new MemoryFiles(), { keep: async () => { throw died; } }) : talk.world.deps.cardPictures,
        store: new Proxy(talk.store, { get: (store, name) => (name === 'run' ? (command: string, args: never) => (command === step ? Promise.reject(died) : store.run(command as 'cards.set', args)) : Reflect.get(store, name).bind(store)) }),
      };
      await expect(linkCardsJob(dying)(job!, new AbortController().signal), step).rejects.toBe(died);
      expect(await cards(sent), step).toEqual([]);
      // Its lease ends, and another worker takes the job.
      await talk.world.clock.advance(2_000);
      expect(await leased()).toEqual([]);
      await talk.world.clock.advance(60_000);
      expect(await work(), step).toBe(1);
      expect((await now(sent)).cards, step).toEqual([expect.objectContaining({ title: 'A', image: expect.objectContaining({ width: 30 }) })]);
    }
  });

  it('the picture is for those who may read the message that shows it', async () => {
    links.pages.set('https://a.example', page('A', true));
    const secret = await talk.room('secret', [talk.alice], { is_private: true });
    const sent = await talk.send(talk.alice, secret, 'https://a.example');
    await work();
    const card: Card = (await talk.as(talk.alice).call(getMessages, { channel_id: secret.id, message_id: sent.id })).messages.at(-1)!.cards![0]!;
    expect(card.image).toMatchObject({ width: 30, height: 20, thumbhash: 'aGFzaA==' });
    const query = Object.fromEntries(new URL(card.image!.url, TEST_ORIGIN).searchParams) as { channel_id: string; message_id: string; hash: string };
    const ask = (user: { token: string } | null, input = query, headers = {}) => talk.world.core.handle({ method: 'GET', path: 'card_picture', query: input, headers: { ...(user && { authorization: `Bearer ${user.token}` }), ...headers }, address: '127.0.0.1' });
    const got = await ask(talk.alice);
    const shown = got.body as Bytes;
    expect([got.status, String(await shown.open!().then((stream) => stream.read()))]).toEqual([200, 'picture']);
    expect(got.headers).toMatchObject({ 'content-type': 'image/webp', 'x-content-type-options': 'nosniff', 'cache-control': expect.stringContaining('private'), 'content-security-policy': "sandbox; default-src 'none'", 'etag': `"${query.hash}"` });
    expect(await ask(talk.alice, query, { 'if-none-match': got.headers['etag'] })).toMatchObject({ status: 304, body: { open: null } });
    expect((await ask(null)).status).toBe(401);
    expect((await ask(talk.bob)).status).toBe(404);
    expect((await ask(talk.bob, query, { 'if-none-match': got.headers['etag'] })).status).toBe(404);
    // A message that one may read opens no picture of another.
    const mine = await talk.send(talk.bob, room, 'x');
    expect((await ask(talk.bob, { ...query, channel_id: room.id, message_id: mine.id })).status).toBe(404);
    expect((await ask(talk.bob, { ...query, channel_id: room.id })).status).toBe(404);
    await remove(sent, 'https://a.example');
    expect((await ask(talk.alice)).status).toBe(404);
    expect(talk.as(talk.alice).refused(cardPicture, { ...query, hash: '../../etc/passwd' })).toBeDefined();
  });

  it('a workspace that wants none gets none, and admins alone say so', async () => {
    const set = (link_cards: boolean, by = talk.olivia) => talk.as(by).call(updateWorkspace, { workspace_id: talk.world.workspace.id, link_cards });
    await expect(set(false, talk.alice)).rejects.toMatchObject({ problem: { code: 'forbidden' } });
    expect((await set(false)).settings).toMatchObject({ link_cards: false });
    const sent = await talk.send(talk.alice, room, 'https://a.example');
    await work();
    expect([await cards(sent), links.asked]).toEqual([[], []]);
    await set(true);
    await edit(sent, 'again https://a.example');
    await work();
    expect(await cards(sent)).toEqual(['https://a.example']);
  });

  it('a repeated send is the same message, cards and all', async () => {
    const sent = await talk.send(talk.alice, room, 'https://a.example', { client_msg_id: 'same' });
    await work();
    const again = await talk.as(talk.alice).call(sendMessage, { channel_id: room.id, content: 'https://a.example', client_msg_id: 'same' });
    expect([again.message_id, again.message.cards?.length]).toEqual([sent.id, 1]);
    expect(await work()).toBe(0);
  });
});
