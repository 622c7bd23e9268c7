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
  page.postMessage({ kind: 'open', path });
  await page.focus();
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
