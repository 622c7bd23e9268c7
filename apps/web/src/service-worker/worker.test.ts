import { beforeEach, describe, expect, it, vi } from 'vitest';

interface Note { title: string; tag: string; silent: boolean; renotify?: boolean; data: { account: string; items: { key: string }[]; path?: string }; close(): void }
type Listener = (event: { waitUntil(work: Promise<unknown>): void } & Record<string, unknown>) => void;

let listeners: Map<string, Listener>;
let notes: Note[];
let subscribed: unknown[];
let calls: { url: string; body: unknown }[];

/** Tells the worker, and waits until it has done what it does about it. */
async function tell(type: string, event: Record<string, unknown>): Promise<void> {
  const work: Promise<unknown>[] = [];
  listeners.get(type)!({ ...event, waitUntil: (promise) => void work.push(promise) });
  await Promise.all(work);
}
const push = (payload: unknown) => tell('push', { data: payload === undefined ? null : { json: () => (typeof payload === 'string' ? JSON.parse(payload) : payload) } });
const show = (change: object = {}) => push({ kind: 'show', account: 'me', tag: 'harbour', title: 'Ben mentioned you', body: 'hello', path: '/w/1/c/2/m/3', items: [{ entry: 'e', key: 'k1' }], ...change });

beforeEach(async () => {
  listeners = new Map();
  notes = [];
  subscribed = [];
  calls = [];
  vi.resetModules();
  vi.stubGlobal('PRECACHE', []);
  vi.stubGlobal('VERSION', 'test');
  vi.stubGlobal('fetch', async (url: string, init: { body: string }) => {
    calls.push({ url, body: JSON.parse(init.body) });
    return new Response(null, { status: 200 });
  });
  vi.stubGlobal('self', {
    location: { origin: 'http://localhost' },
    addEventListener: (type: string, listener: Listener) => void listeners.set(type, listener),
    registration: {
      getNotifications: async () => [...notes],
      async showNotification(title: string, options: Omit<Note, 'title' | 'close'>) {
        notes = notes.filter((one) => one.tag !== options.tag);
        const note: Note = { title, ...options, close: () => { notes = notes.filter((one) => one !== note); } };
        notes.push(note);
      },
      pushManager: { subscribe: async (options: unknown) => (subscribed.push(options), subscription('new')) },
    },
  });
  await import('./worker.ts');
});
const subscription = (name: string) => ({ options: { applicationServerKey: 'key' }, toJSON: () => ({ endpoint: `https://push.example/${name}`, keys: { p256dh: 'p', auth: 'a' } }) });

describe('a push', () => {
  it('shows one notification a channel, which leads to its message', async () => {
    await show();
    await show({ title: '2 new messages', items: [{ entry: 'e', key: 'k1' }, { entry: 'f', key: 'k2' }] });
    await show({ tag: 'other' });
    expect(notes).toMatchObject([{ title: '2 new messages', tag: 'me harbour', silent: false, renotify: true, data: { parley: 1, account: 'me', path: '/w/1/c/2/m/3', items: [{ key: 'k1' }, { key: 'k2' }] } }, { tag: 'me other' }]);
  });

  it('takes in what a page showed of the channel, without a second sound', async () => {
    const page: Note = { title: 'from a page', tag: 'me harbour 123', silent: false, data: { account: 'me', items: [{ key: 'k1' }] }, close: () => { notes = notes.filter((one) => one !== page); } };
    const foreign: Note = { ...page, tag: 'you harbour 123', data: { account: 'you', items: [] }, close: () => undefined };
    notes = [page, foreign];
    await show();
    expect(notes.map(({ tag, silent }) => [tag, silent])).toEqual([['you harbour 123', false], ['me harbour', true]]);
  });

  it('NTF-6 withdraws what it or a page showed of the channel, and nothing else', async () => {
    await show();
    await show({ tag: 'harbour-side' });
    await push({ kind: 'withdraw', account: 'me', tag: 'harbour' });
    expect(notes.map(({ tag }) => tag)).toEqual(['me harbour-side']);
  });

  it.each([undefined, 'no JSON', 'null', '3', '{}', '{"kind":"show","account":"me","tag":"x"}', '{"kind":"other","account":"me","tag":"x"}'])('that says %j shows nothing', async (payload) => {
    await push(payload);
    expect(notes).toEqual([]);
  });
});

describe('NTF-9 a click', () => {
  const click = (page: { answers: boolean } | null) => {
    const went: string[] = [];
    Object.assign(self as unknown as object, { clients: {
      openWindow: async (path: string) => void went.push(`opened ${path}`),
      matchAll: async () => (page === null ? [] : [{
        focus: async () => void went.push('focused'),
        navigate: async (path: string) => void went.push(`navigated ${path}`),
        postMessage: (data: { path: string }, [port]: MessagePort[]) => {
          went.push(`told ${data.path}`);
          if (page.answers) port!.postMessage('gone');
          port!.close();
        },
      }]),
    } });
    const notification = { data: { parley: 1, path: '/w/1/c/2/m/3' }, close: () => void went.push('closed') };
    return tell('notificationclick', { notification }).then(() => went);
  };
  it('leads a page that is open to the message', async () => expect(await click({ answers: true })).toEqual(['closed', 'told /w/1/c/2/m/3', 'focused']));
  it('leads one that has just begun and does not listen yet', async () => expect(await click({ answers: false })).toEqual(['closed', 'told /w/1/c/2/m/3', 'focused', 'navigated /w/1/c/2/m/3']));
  it('opens a page where none is', async () => expect(await click(null)).toEqual(['closed', 'opened /w/1/c/2/m/3']));
});

describe('another address of this browser', () => {
  it.each([['given by the browser', subscription('given'), 'given', 0], ['asked for with the same key', null, 'new', 1]])('is told to the server: %s', async (_how, newSubscription, name, asked) => {
    await tell('pushsubscriptionchange', { oldSubscription: subscription('old'), newSubscription });
    expect(subscribed).toHaveLength(asked);
    expect(calls).toEqual([{ url: '/api/v1/push_subscribe', body: { kind: 'web', endpoint: `https://push.example/${name}`, keys: { p256dh: 'p', auth: 'a' } } }]);
  });
  it('is none when nothing is known of the old one', async () => {
    await tell('pushsubscriptionchange', { oldSubscription: null, newSubscription: null });
    expect([subscribed, calls]).toEqual([[], []]);
  });
});
