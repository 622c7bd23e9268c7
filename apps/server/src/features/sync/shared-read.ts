import { ParleyError } from '@parley/shared/protocol/errors';
import type { ReadTx, Store } from '../../storage/port.ts';
import { SnapshotCache } from './snapshot-cache.ts';

/** Snapshots under way at once; who comes then waits for the next one, with all others who do. */
const MOST_RUNNING = 4;
const MOST_TOGETHER = 128;

interface Reader {
  run(tx: ReadTx): Promise<void>;
  alone(): void;
}
interface Gate {
  running: number;
  /** In the order they came; each list shares a snapshot. */
  waiting: Reader[][];
}
const gates = new WeakMap<object, Gate>();

/**
 * A short read that many do at once, such as opening a channel: alone it has a snapshot of its own at once, in a crowd it
 * shares one with the others who wait, in which a row that all of them need is read once. The snapshot begins after each of them has asked, so
 * none sees less than it would by itself. A read that fails by no error of the product's own is done again by itself.
 */
export function sharedRead<T>(store: Pick<Store, 'read'>, work: (tx: ReadTx) => Promise<T>): Promise<T> {
  let gate = gates.get(store);
  if (!gate) gates.set(store, (gate = { running: 0, waiting: [] }));
  const { waiting } = gate;
  return new Promise<T>((resolve, reject) => {
    const alone = (): void => void store.read(work).then(resolve, reject);
    const reader: Reader = {
      alone,
      run: async (tx) => {
        try {
          resolve(await work(tx));
        } catch (error) {
          if (error instanceof ParleyError) reject(error);
          else alone();
        }
      },
    };
    const last = waiting[waiting.length - 1];
    if (last && last.length < MOST_TOGETHER) last.push(reader);
    else waiting.push([reader]);
    next(store, gate);
  });
}

function next(store: Pick<Store, 'read'>, gate: Gate): void {
  if (gate.running >= MOST_RUNNING) return;
  const together = gate.waiting.shift();
  if (!together) return;
  gate.running++;
  let begun = false;
  const all = store.read(async (snapshot) => {
    begun = true;
    const tx = new SnapshotCache(snapshot);
    await Promise.all(together.map((reader) => reader.run(tx)));
  });
  all.catch(() => {
    // The store's own refusal is each one's.
    if (!begun) for (const reader of together) reader.alone();
  }).finally(() => {
    gate.running--;
    next(store, gate);
  });
}
