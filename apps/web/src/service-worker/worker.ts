/// <reference lib="webworker" />
/**
 * Lets the shell load with no network. Everything that was built is cached at installation, under one version; a new
 * version waits until the client asks for it, so that no page is served from two builds. Only this origin is ever asked.
 */
export {};
declare const self: ServiceWorkerGlobalScope;
/** Filled in by the build: paths of the shell and all its files, and a hash over them. */
declare const PRECACHE: string[];
declare const VERSION: string;

const CACHE = `parley-shell-${VERSION}`;
const SERVER_PATHS = /^\/(api|admin|slack|healthz|readyz|metrics|sw\.js)(\/|$)/;

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(PRECACHE.map((path) => new Request(path, { cache: 'no-cache' })))));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name.startsWith('parley-shell-') && name !== CACHE) await caches.delete(name);
      await self.clients.claim();
    })(),
  );
});

self.addEventListener('message', (event) => {
  if (event.data === 'activate') void self.skipWaiting();
});

/** What a push carries (`PushPayload`), as far as it can be used. */
interface Pushed { kind: 'show' | 'withdraw'; account: string; tag: string; title: string; body: string; path: string; items: readonly { entry: string; key: string }[] }
interface Shown { parley?: unknown; account?: unknown; items?: readonly { key?: unknown }[] }

self.addEventListener('push', (event) => {
  const pushed = readPush(event.data);
  if (pushed !== null) event.waitUntil(pushed.kind === 'show' ? showPushed(pushed) : closePushed(pushed));
});

function readPush(data: PushMessageData | null): Pushed | null {
  try {
    const value = data?.json() as Partial<Pushed> | null | undefined;
    if (typeof value?.account !== 'string' || typeof value.tag !== 'string') return null;
    if (value.kind === 'withdraw') return { kind: 'withdraw', account: value.account, tag: value.tag, title: '', body: '', path: '', items: [] };
    if (value.kind !== 'show' || typeof value.title !== 'string' || typeof value.body !== 'string' || typeof value.path !== 'string' || !Array.isArray(value.items)) return null;
    return value as Pushed;
  } catch {
    // Not one of ours, or of a later version.
    return null;
  }
}

/** Notifications of one channel, those that a page showed among them. */
async function standing({ account, tag }: Pushed): Promise<Notification[]> {
  const all = await self.registration.getNotifications();
  return all.filter((one) => (one.data as Shown | null)?.account === account && (one.tag === `${account} ${tag}` || one.tag.startsWith(`${account} ${tag} `)));
}

/** One a channel: what a page showed of it goes into this one, and makes no second sound. */
async function showPushed(pushed: Pushed): Promise<void> {
  const before = await standing(pushed);
  const known = new Set(before.flatMap((one) => ((one.data as Shown).items ?? []).map(({ key }) => key)));
  const silent = pushed.items.length > 0 && pushed.items.every(({ key }) => known.has(key));
  const tag = `${pushed.account} ${pushed.tag}`;
  for (const one of before) if (one.tag !== tag) one.close();
  // Every key of an option that this version of the types lacks is one of the standard.
  const options: NotificationOptions & { renotify?: boolean } = { body: pushed.body, tag, silent, renotify: !silent, icon: '/icon-192.png', data: { parley: 1, account: pushed.account, path: pushed.path, items: pushed.items } };
  await self.registration.showNotification(pushed.title, options);
}

async function closePushed(pushed: Pushed): Promise<void> {
  for (const one of await standing(pushed)) one.close();
}

/** The browser has given this device another address: the server hears of it though no page is open. */
self.addEventListener('pushsubscriptionchange', (event) => {
  const { oldSubscription, newSubscription } = event as PushSubscriptionChangeEvent;
  event.waitUntil(renew(oldSubscription, newSubscription));
});

async function renew(before: PushSubscription | null, given: PushSubscription | null): Promise<void> {
  const key = before?.options.applicationServerKey;
  const now = given ?? (key == null ? null : await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
  if (now === null) return;
  const { endpoint, keys } = now.toJSON();
  // Signed out meanwhile, it is refused; the next page that signs in subscribes by itself.
  await fetch('/api/v1/push_subscribe', { method: 'POST', credentials: 'same-origin', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ kind: 'web', endpoint, keys }) });
}

/** NTF-9: a click leads to the message, in a page that is open or in a new one. Only places of this app are gone to. */
self.addEventListener('notificationclick', (event) => {
  const data = event.notification.data as { parley?: unknown; path?: unknown; reads?: unknown } | null;
  if (data?.parley !== 1 || typeof data.path !== 'string' || !data.path.startsWith('/w/')) return;
  event.notification.close();
  event.waitUntil(event.action === 'read' ? markRead(data) : openPath(data.path));
});

/** “Mark as read”, with no page needed; when the server is not there, the page opens instead. */
async function markRead(data: { path?: unknown; reads?: unknown }): Promise<void> {
  try {
    const answer = await fetch('/api/v1/ack', { method: 'POST', credentials: 'same-origin', headers: { 'content-type': 'application/json' }, body: JSON.stringify(data.reads) });
    if (answer.ok) return;
  } catch {
    // Not connected: below.
  }
  await openPath(String(data.path));
}

async function openPath(path: string): Promise<void> {
  const [page] = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (page === undefined) {
    await self.clients.openWindow(path);
    return;
  }
  const answer = told(page, path);
  // Without it the page still goes there.
  await page.focus().catch((error: unknown) => console.warn('The page was not brought to the front.', error));
  // A page that has just begun does not listen yet: then it goes there as by a link.
  if (!(await answer)) await page.navigate(path);
}

const ANSWER_MS = 1_500;
/** Whether the page says that it has gone there. */
function told(page: WindowClient, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const timer = setTimeout(() => resolve(false), ANSWER_MS);
    port1.onmessage = () => {
      clearTimeout(timer);
      resolve(true);
    };
    page.postMessage({ kind: 'open', path }, [port2]);
  });
}

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin || SERVER_PATHS.test(url.pathname)) return;
  if (request.mode === 'navigate') event.respondWith(fromCache('/', request));
  else if (PRECACHE.includes(url.pathname)) event.respondWith(fromCache(url.pathname, request));
});

async function fromCache(path: string, request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? fetch(request);
}
