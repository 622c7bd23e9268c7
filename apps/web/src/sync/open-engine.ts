import type { Engine } from '@parley/shared/sync/api';
import { followActivity } from './activity.ts';
import { deleteIndexedDb } from './indexed-db.ts';
import { browserClock, browserRandom, cacheName, closeStores, durableName, filesName, makeLocalEngine, openStores, type AccountOnDevice, type Stores } from './local-engine.ts';
import { forgetKey } from './local-key.ts';
import { shareEngine, type TabMeans } from './tabs.ts';
import { WebTransport } from './web-transport.ts';
import { uuidv7 } from '@parley/shared/domain/ids';
import type { TabMessage } from './wire.ts';

export type { AccountOnDevice } from './local-engine.ts';

/**
 * The engine of an account in this tab. `start` it before use. Tabs of one account share one engine where the browser
 * has locks (HTTPS, localhost); else each runs its own over the same databases, which the server's idempotency bears.
 */
export async function openEngine(account: AccountOnDevice): Promise<Engine> {
  const transport = new WebTransport();
  // Opened while the tabs are finding out who leads; a tab that follows lets go of them.
  let early: Promise<Stores> | null = openStores(account, transport);
  const takeEarly = (): Promise<Stores> | null => {
    const taken = early;
    early = null;
    return taken;
  };
  const open = async (): Promise<Engine> => makeLocalEngine(account, transport, await (takeEarly() ?? openStores(account, transport)));
  const { locks } = navigator as { locks?: LockManager };
  const engine = locks && typeof BroadcastChannel !== 'undefined'
    ? shareEngine(account.accountId, browserMeans(account.accountId, locks), open, () => void takeEarly()?.then(closeStores))
    : await open();
  window.addEventListener('online', () => engine.wake());
  window.addEventListener('offline', () => engine.setOnline(false));
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') engine.wake();
    else void engine.flushDrafts().catch(() => {});
  });
  followActivity((active) => engine.setActive(active));
  return engine;
}

function browserMeans(accountId: string, locks: LockManager): TabMeans {
  const channel = new BroadcastChannel(`parley-${accountId}`);
  return {
    lock: async (name, work) => void (await locks.request(name, work)),
    post: (message) => channel.postMessage(message),
    listen: (listener) => {
      const onMessage = (event: MessageEvent<TabMessage>): void => listener(event.data);
      channel.addEventListener('message', onMessage);
      return () => channel.removeEventListener('message', onMessage);
    },
    newId: () => uuidv7(browserClock, browserRandom),
  };
}

/** Removes everything that this device keeps of an account, unsent text included. */
export async function removeAccount(accountId: string): Promise<void> {
  await forgetKey(accountId);
  await deleteIndexedDb(cacheName(accountId));
  await deleteIndexedDb(durableName(accountId));
  await deleteIndexedDb(filesName(accountId));
}
