import type { Clock } from '@parley/shared/domain/clock';
import type { Random } from '@parley/shared/domain/random';
import { getMe } from '@parley/shared/protocol/calls/accounts';
import type { Engine } from '@parley/shared/sync/api';
import { createEngine } from '@parley/shared/sync/engine';
import type { KeyValueStore, Transport } from '@parley/shared/sync/ports';
import { EncryptedStore } from './encrypted-store.ts';
import { openIndexedDb } from './indexed-db.ts';
import { LazyUploads } from './lazy-uploads.ts';
import { canEncrypt, forgetKey, importLocalKey, rememberedKey, rememberKey } from './local-key.ts';
import { MemoryStore } from './memory-store.ts';

export const browserClock: Clock = {
  now: () => Date.now(),
  setTimer: (ms, task) => {
    const id = setTimeout(task, ms);
    return { cancel: () => clearTimeout(id) };
  },
};
export const browserRandom: Random = { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) };

export interface AccountOnDevice {
  accountId: string;
  deviceId: string;
  /** As the sign-in answered it; null when the app starts again. */
  localKey: string | null;
}

export const cacheName = (accountId: string): string => `parley-cache-${accountId}`;
export const filesName = (accountId: string): string => `parley-files-${accountId}`;
export const durableName = (accountId: string): string => `parley-outbox-${accountId}`;

export interface Stores { cache: KeyValueStore; durable: KeyValueStore }

/** The browser's databases of an account. Opening them changes nothing, so it need not wait until this tab leads. */
export async function openStores(account: AccountOnDevice, transport: Transport): Promise<Stores> {
  const [cache, durable] = await Promise.all([openIndexedDb(cacheName(account.accountId), 'relaxed').catch(() => new MemoryStore()), openDurable(account, transport)]);
  return { cache, durable };
}

export async function closeStores({ cache, durable }: Stores): Promise<void> {
  await Promise.all([cache.close(), durable.close()]);
}

/** An engine that runs in this very page, over the browser's databases. */
export function makeLocalEngine({ accountId, deviceId }: AccountOnDevice, transport: Transport, { cache, durable }: Stores): Engine {
  // Asking once is polite; a refusal only means that the browser may clear it, which the engine survives.
  void navigator.storage?.persist?.().catch(() => false);
  return createEngine({
    accountId, deviceId, transport, cache, durable, uploads: new LazyUploads(accountId, transport), clock: browserClock, random: browserRandom, volatile: durable instanceof MemoryStore,
    onSignedOut: () => void forgetKey(accountId).catch(() => {}),
  });
}

async function openDurable(account: AccountOnDevice, transport: Transport): Promise<KeyValueStore> {
  const { accountId } = account;
  try {
    // Over plain HTTP the browser does not encrypt, and the same text crosses the network in the clear as well.
    if (!canEncrypt()) return await openIndexedDb(durableName(accountId), 'strict');
    const [key, store] = await Promise.all([keyOf(account, transport), openIndexedDb(durableName(accountId), 'strict')]);
    if (key) return new EncryptedStore(store, key);
    await store.close();
  } catch {
    // Whatever it was, the engine says that nothing is kept.
  }
  return new MemoryStore();
}

/** The key of this account's durable store: from the sign-in, as kept here, or from the server again. A new one is kept. */
async function keyOf({ accountId, localKey }: AccountOnDevice, transport: Transport): Promise<CryptoKey | null> {
  const kept = localKey === null ? await rememberedKey(accountId) : null;
  if (kept) return kept;
  const key = localKey === null ? await keyFromServer(transport) : await importLocalKey(localKey);
  if (key) await rememberKey(accountId, key);
  return key;
}

async function keyFromServer(transport: Transport): Promise<CryptoKey | null> {
  const me = await transport.call(getMe, {});
  return me.kind === 'ok' && me.value.local_key !== undefined ? importLocalKey(me.value.local_key) : null;
}
