import { defineCommand, type CommandHandler } from '../storage/command.ts';
import type { ReadTx, Row, Store, Table, Tx } from '../storage/port.ts';

/** Rows read (a question that finds none counts as one) and rows written. */
export interface Cost { reads: number; writes: number }

/** Counts what is read and written through a store, under whatever heading is open. */
export class CostCounter {
  readonly by = new Map<string, Cost>();
  heading = 'other';

  of(heading: string): Cost {
    return this.by.get(heading) ?? { reads: 0, writes: 0 };
  }

  /** Runs `work` under a heading. */
  async under<T>(heading: string, work: () => Promise<T>): Promise<T> {
    const before = this.heading;
    this.heading = heading;
    try {
      return await work();
    } finally {
      this.heading = before;
    }
  }

  add(reads: number, writes: number): void {
    const cost = this.of(this.heading);
    this.by.set(this.heading, { reads: cost.reads + reads, writes: cost.writes + writes });
  }

  /** Commands that count. */
  commands(commands: Readonly<Record<string, CommandHandler<never, unknown>>>): Record<string, CommandHandler<never, unknown>> {
    return Object.fromEntries(Object.entries(commands).map(([name, handler]) => [name, defineCommand((tx, args: never) => handler(this.#write(tx), args))]));
  }

  /** The store with reads that count; its commands are made by `commands`. */
  store(store: Store): Store {
    return new Proxy(store, {
      get: (target, key) => {
        if (key === 'read') return <T>(work: (tx: ReadTx) => Promise<T>) => target.read((tx) => work(this.#read(tx)));
        const value = Reflect.get(target, key) as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  #read(tx: ReadTx): ReadTx {
    return {
      get: async (table, key) => { this.add(1, 0); return tx.get(table, key); },
      find: async (table, range) => {
        const rows = await tx.find(table, range);
        this.add(Math.max(1, rows.length), 0);
        return rows;
      },
      count: async (table, range) => { this.add(1, 0); return tx.count(table, range); },
    };
  }

  #write(tx: Tx): Tx {
    return {
      ...this.#read(tx),
      insert: async <R extends Row>(table: Table<R>, row: R) => { this.add(0, 1); return tx.insert(table, row); },
      put: async <R extends Row>(table: Table<R>, row: R) => { this.add(0, 1); return tx.put(table, row); },
      delete: async <R extends Row>(table: Table<R>, key: readonly (string | number)[]) => {
        const gone = await tx.delete(table, key);
        this.add(0, gone ? 1 : 0);
        return gone;
      },
      now: () => tx.now(),
      uuid: () => tx.uuid(),
      // The outbox row and the head of an event.
      emit: (event) => { this.add(0, 1); tx.emit(event); },
    };
  }
}
