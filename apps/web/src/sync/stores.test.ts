import 'fake-indexeddb/auto';
import { afterEach, describe, expect, it } from 'vitest';
import { StorageRefused, type KeyValueStore } from '@parley/shared/sync/ports';
import { DEVICE, FakeServer, ME, meUser, ok, unreached } from '@parley/shared/testing/fake-server';
import { EncryptedStore } from './encrypted-store.ts';
import { asRefused, deleteIndexedDb, openIndexedDb } from './indexed-db.ts';
import { closeStores, openStores } from './local-engine.ts';
import { forgetKey, importLocalKey, rememberedKey, rememberKey } from './local-key.ts';
import { MemoryStore } from './memory-store.ts';

const KEY = 'A'.repeat(43);
const open: KeyValueStore[] = [];
let n = 0;
const indexed = async (): Promise<KeyValueStore> => {
  const store = await openIndexedDb(`db-${++n}`, 'strict');
  open.push(store);
  return store;
};
afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
});

const kinds: [string, () => Promise<KeyValueStore>][] = [
  ['IndexedDB', indexed],
  ['encrypted IndexedDB', async () => new EncryptedStore(await indexed(), await importLocalKey(KEY))],
  ['memory', async () => new MemoryStore()],
];

describe.each(kinds)('key-value store: %s', (_name, make) => {
  it('reads what was written, in order, within bounds, both ways', async () => {
    const store = await make();
    await store.write([{ collection: 'a', key: 'k2', value: { n: 2 } }, { collection: 'a', key: 'k1', value: { n: 1 } }, { collection: 'a', key: 'k3', value: { n: 3 } }, { collection: 'b', key: 'k1', value: 'other' }]);
    expect(await store.get('a', 'k2')).toEqual({ n: 2 });
    expect(await store.get('a', 'none')).toBeUndefined();
    expect((await store.range('a', 'k1', 'k3')).map((e) => e.key)).toEqual(['k1', 'k2']);
    expect((await store.range('a', '', '\uffff', { reverse: true, limit: 2 })).map((e) => e.value)).toEqual([{ n: 3 }, { n: 2 }]);
  });
  it('deletes keys and stretches, in the order of the changes', async () => {
    const store = await make();
    await store.write(['a/1', 'a/2', 'b/1'].map((key) => ({ collection: 'r', key, value: key })));
    await store.write([{ collection: 'r', from: 'a/', to: 'a0', deleteRange: true }, { collection: 'r', key: 'a/9', value: 'new' }, { collection: 'r', key: 'b/1', delete: true }]);
    expect((await store.range('r', '', '\uffff')).map((e) => e.key)).toEqual(['a/9']);
    await store.clear();
    expect(await store.range('r', '', '\uffff')).toEqual([]);
  });
  it('keeps the order of writes that were not awaited', async () => {
    const store = await make();
    await Promise.all(Array.from({ length: 20 }, (_, i) => store.write([{ collection: 'o', key: 'k', value: i }])));
    expect(await store.get('o', 'k')).toBe(19);
  });
});

describe('IndexedDB', () => {
  it('survives closing, and goes when deleted', async () => {
    const first = await openIndexedDb('kept', 'relaxed');
    await first.write([{ collection: 'a', key: 'k', value: 1 }]);
    await first.close();
    const second = await openIndexedDb('kept', 'relaxed');
    expect(await second.get('a', 'k')).toBe(1);
    await second.close();
    await deleteIndexedDb('kept');
    const third = await openIndexedDb('kept', 'relaxed');
    expect(await third.get('a', 'k')).toBeUndefined();
    await third.close();
  });
  it('writes all or nothing, and says what is wrong in the words of the port', async () => {
    const store = await indexed();
    await expect(store.write([{ collection: 'a', key: 'k', value: 1 }, { collection: 'a', key: 'l', value: () => {} }])).rejects.toBeInstanceOf(StorageRefused);
    expect(await store.get('a', 'k')).toBeUndefined();
    expect(asRefused(new DOMException('', 'QuotaExceededError')).reason).toBe('full');
    expect(asRefused(new Error()).reason).toBe('unavailable');
  });
});

it('TAB4 a start takes the key that it finds, asks the server for a lost one, and keeps nothing without one', async () => {
  const server = new FakeServer().on('me', () => unreached);
  const account = (localKey: string | null) => ({ accountId: ME, deviceId: DEVICE, localKey });
  const drafts = async (localKey: string | null, work: (store: KeyValueStore) => Promise<void>) => {
    const stores = await openStores(account(localKey), server);
    await work(stores.durable);
    await closeStores(stores);
  };
  await drafts(null, async (store) => expect(store).toBeInstanceOf(MemoryStore));
  await drafts(KEY, (store) => store.write([{ collection: 'drafts', key: 'c/', value: 'text' }]));
  const asked = server.asked.length;
  await drafts(null, async (store) => expect(await store.get('drafts', 'c/')).toBe('text'));
  expect(server.asked.length).toBe(asked);
  await forgetKey(ME);
  server.on('me', () => ok({ user: meUser, server_role: 'member', device_id: DEVICE, workspaces: [], local_key: KEY }));
  await drafts(null, async (store) => expect(await store.get('drafts', 'c/')).toBe('text'));
  expect(await rememberedKey(ME)).not.toBeNull();
});

it('TAB4 what is kept cannot be read without the account\'s key, and the key cannot be read at all', async () => {
  const inner = await indexed();
  const key = await importLocalKey(KEY);
  await new EncryptedStore(inner, key).write([{ collection: 'drafts', key: 'c/', value: { content: 'secret words' } }]);
  const raw = (await inner.get('drafts', 'c/')) as { data: ArrayBuffer };
  expect(new TextDecoder('latin1').decode(raw.data)).not.toContain('secret');
  await rememberKey('me', key);
  const remembered = (await rememberedKey('me'))!;
  expect(remembered.extractable).toBe(false);
  await expect(crypto.subtle.exportKey('raw', remembered)).rejects.toThrow();
  expect(await new EncryptedStore(inner, remembered).get('drafts', 'c/')).toEqual({ content: 'secret words' });
  const stranger = new EncryptedStore(inner, await importLocalKey(`B${KEY.slice(1)}`));
  expect([await stranger.get('drafts', 'c/'), await stranger.range('drafts', '', '\uffff')]).toEqual([undefined, []]);
  await forgetKey('me');
  expect(await rememberedKey('me')).toBeNull();
  // The same sign-in gives the same key back, and the text with it.
  expect(await new EncryptedStore(inner, await importLocalKey(KEY)).get('drafts', 'c/')).toEqual({ content: 'secret words' });
});
