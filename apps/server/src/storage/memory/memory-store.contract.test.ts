import { describeStore } from '../store.contract.ts';
import { COMMANDS } from '../testing.commands.ts';
import { openMemoryStore } from './memory-store.ts';

const random = { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) };
const options = { clock: { now: () => Date.now() }, random, commands: COMMANDS };

describeStore('memory', async () => {
  let store = openMemoryStore(options);
  return {
    store,
    reopen: async () => {
      await store.close();
      store = openMemoryStore({ ...options, state: store.state });
      return store;
    },
    dispose: async () => store.close(),
  };
});

describeStore('memory with conflicts', async () => {
  const faulty = { ...options, faults: (_: string, attempt: number) => (attempt < 3 ? 'conflict' : 'none') as 'conflict' | 'none', onYield: async () => new Promise<void>((resolve) => setImmediate(resolve)) };
  let store = openMemoryStore(faulty);
  return {
    store,
    reopen: async () => {
      await store.close();
      store = openMemoryStore({ ...faulty, state: store.state });
      return store;
    },
    dispose: async () => store.close(),
  };
});
