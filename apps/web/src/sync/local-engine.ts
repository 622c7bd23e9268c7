import type { Clock } from '@parley/shared/domain/clock';
import type { Random } from '@parley/shared/domain/random';
import { getMe } from '@parley/shared/protocol/calls/accounts';
import type { Engine } from '@parley/shared/sync/api';
import { createEngine } from '@parley/shared/sync/engine';
import type { KeyValueStore, Transport } from '@parley/shared/sync/ports';
import { EncryptedStore } from './encrypted-store.ts';
import { openIndexedDb } from './indexed-db.ts';
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
export const durableName = (accountId: string): string => `parley-outbox-${accountId}`;

/** An engine that runs in this very page, over the browser's databases. */
export async function openLocalEngine(account: AccountOnDevice, transport: Transport): Promise<Engine> {
  const { accountId, deviceId } = account;
  // Asking once is polite; a refusal only means that the browser may clear it, which the engine survives.
  void navigator.storage?.persist?.().catch(() => false);
  const cache = await openIndexedDb(cacheName(accountId), 'relaxed').catch(() => new MemoryStore());
  const durable = await openDurable(account, transport);
  return createEngine({
    accountId, deviceId, transport, cache, durable, clock: browserClock, random: browserRandom, volatile: durable instanceof MemoryStore,
    onSignedOut: () => void forgetKey(accountId).catch(() => {}),
  });
}

async function openDurable(account: AccountOnDevice, transport: Transport): Promise<KeyValueStore> {
  const { accountId } = account;
  try {
    // Over plain HTTP the browser does not encrypt, and the same text crosses the network in the clear as well.
    if (!canEncrypt()) return await openIndexedDb(durableName(accountId), 'strict');
    const key = account.localKey !== null ? await importLocalKey(account.localKey) : (await rememberedKey(accountId)) ?? (await keyFromServer(transport));
    if (!key) return new MemoryStore();
    await rememberKey(accountId, key);
    return new EncryptedStore(await openIndexedDb(durableName(accountId), 'strict'), key);
  } catch {
    return new MemoryStore();
  }
}

async function keyFromServer(transport: Transport): Promise<CryptoKey | null> {
  const me = await transport.call(getMe, {});
  return me.kind === 'ok' && me.value.local_key !== undefined ? importLocalKey(me.value.local_key) : null;
}
