import { beforeEach, describe, expect, it, vi } from 'vitest';

let stored: Map<string, string>;
let permission: NotificationPermission;
let current: { key: string; endpoint: string } | null;
let calls: { path: string; body: unknown }[];
let webKey: string | null;
let made: number;

const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'base64url')).buffer;
const presented = () => current && { endpoint: current.endpoint, options: { applicationServerKey: bytes(current.key) }, toJSON: () => ({ endpoint: current!.endpoint, keys: { p256dh: 'p', auth: 'a' } }), unsubscribe: async () => ((current = null), true) };
const KEY_ONE = Buffer.alloc(65, 4).toString('base64url');
const KEY_TWO = Buffer.alloc(65, 251).toString('base64url');

beforeEach(() => {
  vi.resetModules();
  stored = new Map();
  permission = 'granted';
  current = null;
  calls = [];
  webKey = KEY_ONE;
  made = 0;
  vi.stubGlobal('localStorage', { getItem: (key: string) => stored.get(key) ?? null, setItem: (key: string, value: string) => void stored.set(key, value), removeItem: (key: string) => void stored.delete(key) });
  vi.stubGlobal('Notification', { get permission() { return permission; } });
  vi.stubGlobal('navigator', { serviceWorker: { getRegistration: async () => ({ active: {}, pushManager: {
    getSubscription: async () => presented(),
    subscribe: async ({ applicationServerKey }: { applicationServerKey: string }) => ((current = { key: applicationServerKey, endpoint: `https://push.example/${++made}` }), presented()),
  } }) } });
  vi.stubGlobal('fetch', async (url: string, init: { method: string; body?: string }) => {
    if (init.method === 'POST') calls.push({ path: url.split('/').at(-1)!, body: JSON.parse(init.body!) });
    const body = url.endsWith('/server')
      ? { name: 'Parley', version: '0', protocol: 5, incarnation: '0190a000-0000-7000-8000-000000000001', set_up: true, sign_in: { password: true, oidc: [] }, limits: {}, push: { kinds: ['web'], web_key: webKey } }
      : url.endsWith('unsubscribe') ? undefined : { kind: 'web' };
    return new Response(body === undefined ? null : JSON.stringify(body), { status: body === undefined ? 204 : 200 });
  });
});
const keep = async (deviceId = 'd', language = 'de') => (await import('./push-subscription.ts')).keepPushed({ userId: 'u', deviceId }, language);

describe('the push of this browser', () => {
  it('is subscribed once notifications are allowed, and told once', async () => {
    permission = 'default';
    await keep();
    expect([made, calls]).toEqual([0, []]);
    permission = 'granted';
    await keep();
    await keep();
    expect([made, calls]).toEqual([1, [{ path: 'push_subscribe', body: { kind: 'web', endpoint: 'https://push.example/1', keys: { p256dh: 'p', auth: 'a' }, language: 'de' } }]]);
  });
  it('is told again of another session, another language, another address, and once a day', async () => {
    await keep();
    await keep('another');
    await keep('another', 'en');
    current!.endpoint = 'https://push.example/moved';
    await keep('another', 'en');
    vi.useFakeTimers({ now: Date.now() + 25 * 3_600_000 });
    await keep('another', 'en');
    vi.useRealTimers();
    expect(calls).toHaveLength(5);
  });
  it('is made anew under another key of the server, and not at all where the server tells no browsers', async () => {
    await keep();
    webKey = KEY_TWO;
    await keep();
    expect([made, current!.key, calls.length]).toEqual([2, KEY_TWO, 2]);
    webKey = null;
    await keep('another');
    expect(calls).toHaveLength(2);
  });
  it('ends when the permission is taken back, and when one signs out', async () => {
    await keep();
    permission = 'denied';
    await keep();
    await keep();
    expect(calls.map(({ path }) => path)).toEqual(['push_subscribe', 'push_unsubscribe']);
    permission = 'granted';
    await keep();
    await (await import('./push-subscription.ts')).forgetPush();
    expect([current, stored.size]).toEqual([null, 0]);
  });
});
