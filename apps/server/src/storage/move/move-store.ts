import { ParleyError } from '@parley/shared/protocol/errors';
import { uuidv7 } from '@parley/shared/domain/ids';
import { systemClock, systemRandom } from '../../platform/system.ts';
import type { Row, Store, Table } from '../port.ts';
import { meta, TABLES, type MetaRow } from '../tables.ts';
import { MARK } from './move-mark.ts';
import { batchesOf, PAGE_ROWS } from './pages.ts';
import { TableSum } from './table-sum.ts';

export interface MoveOptions {
  source: { name: string; store: Store };
  target: { name: string; store: Store };
  /** A target whose server was moved away is emptied and used. */
  replace?: boolean;
  onProgress?: (progress: MoveProgress) => void;
  /** Aborts between two batches; the next run goes on. */
  signal?: AbortSignal;
  wait?: (ms: number) => Promise<void>;
}

export interface MoveProgress {
  phase: 'clearing' | 'loading' | 'verifying';
  table: string;
  /** Rows of this table so far. */
  rows: number;
  /** Tables behind it, of how many. */
  tables: number;
  of: number;
}

export interface MovedTable {
  table: string;
  rows: number;
  checksum: string;
}

export interface Moved {
  tables: MovedTable[];
  rows: number;
  incarnation: string;
  /** An interrupted run was gone on with. */
  resumed: boolean;
  /** All had been done by an earlier run that was cut short before it could say so. */
  already: boolean;
}

/** What was read back from the target is not what the source has. */
export class MoveMismatch extends Error {
  constructor(readonly table: string, readonly wanted: MovedTable, readonly found: MovedTable) {
    super(`${table}: the source has ${wanted.rows} rows with checksum ${wanted.checksum}, the target ${found.rows} with ${found.checksum}. The target is not in use; run the move again and it is filled anew.`);
    this.name = 'MoveMismatch';
  }
}

const CLEAR_ROWS = 500;
/** A change of primary takes seconds; what lasts longer is for a person. */
const TRIES = 12;
const LONGEST_WAIT_MS = 5_000;

/**
 * Copies every table from one store to another, reads it back and compares, then makes the target the server. Nothing
 * else may write to either meanwhile. It may be cut short anywhere and run again.
 *
 * The incarnation goes along: every stream has the same heads and revs on the other side, so clients keep their cursors.
 * A restore goes back in time, which a move does not.
 * @throws MoveMismatch; ParleyError `conflict` when a store is not as it must be
 */
export async function moveStore(options: MoveOptions): Promise<Moved> {
  const { source, target } = options;
  const again = retrying(options.wait ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms))));
  const { id } = await again(() => source.store.run('move.leave', { id: uuidv7(systemClock, systemRandom), to: target.name }));
  const { state } = await again(() => target.store.run('move.begin', { id, from: source.name, replace: options.replace === true }));
  if (state === 'clearing') await clearTarget(options, again, id);
  const wanted: MovedTable[] = [];
  if (state !== 'done') {
    for (const [i, table] of TABLES.entries()) if (table.name !== meta.name) wanted.push(await load(options, again, id, table, { tables: i, of: TABLES.length }));
    await verify(options, again, id, wanted);
  }
  const facts = [...(await metaOf(source.store)).filter(({ name }) => name !== 'incarnation'), { name: 'incarnation', value: source.store.incarnation() }];
  await again(() => target.store.run('move.finish', { id, rows: facts }));
  const sum = sumOf(meta.name, facts);
  if (state !== 'done') {
    const found = sumOf(meta.name, await metaOf(target.store));
    if (found.checksum !== sum.checksum) throw new MoveMismatch(meta.name, sum, found);
  }
  await again(() => source.store.run('move.left', { id }));
  return { tables: [...wanted, sum], rows: wanted.reduce((rows, t) => rows + t.rows, sum.rows), incarnation: source.store.incarnation(), resumed: state === 'loading', already: state === 'done' };
}

export type Again = <T>(work: () => Promise<T>) => Promise<T>;

/** A database that is away for a moment, or cannot say whether it committed, is asked again: every step may be repeated. */
export function retrying(wait: (ms: number) => Promise<void>): Again {
  return async (work) => {
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof ParleyError) || error.code !== 'unavailable' || tries === TRIES) throw error;
        await wait(Math.min(LONGEST_WAIT_MS, Math.max(error.extra.retry_after_ms ?? 0, 50 * 2 ** tries)));
      }
    }
  };
}

export async function clearTarget({ target, onProgress, signal }: Omit<MoveOptions, 'source'>, again: Again, id: string): Promise<void> {
  for (const [i, table] of TABLES.entries()) {
    for (let rows = 0, deleted = CLEAR_ROWS; deleted === CLEAR_ROWS; rows += deleted) {
      signal?.throwIfAborted();
      ({ deleted } = await again(() => target.store.run('move.clear', { id, table: table.name, limit: CLEAR_ROWS })));
      onProgress?.({ phase: 'clearing', table: table.name, rows: rows + deleted, tables: i, of: TABLES.length });
    }
  }
  await again(() => target.store.run('move.state', { id, state: 'loading' }));
}

/** Batches come in the order of the key, each whole or not at all: what the target has is where an earlier run ended. */
async function load({ source, target, onProgress, signal }: MoveOptions, again: Again, id: string, table: Table, place: { tables: number; of: number }): Promise<MovedTable> {
  const [last] = await again(() => target.store.read((tx) => tx.find(table, { reverse: true, limit: 1 })));
  let there = last !== undefined;
  const lastKey = last && keyText(table, last);
  const sum = new TableSum();
  let loading: Promise<unknown> = Promise.resolve();
  for await (const page of pagesOf(source.store, table, again)) {
    signal?.throwIfAborted();
    const fresh: Row[] = [];
    for (const row of page) {
      sum.add(row);
      if (!there) fresh.push(row);
      else if (keyText(table, row) === lastKey) there = false;
    }
    // The next page is read while this one is written.
    await loading;
    loading = fresh.length === 0 ? loading : loadRows(target.store, again, id, table, fresh);
    loading.catch(() => undefined); // awaited with the next page
    onProgress?.({ phase: 'loading', table: table.name, rows: sum.rows, ...place });
  }
  await loading;
  return { table: table.name, rows: sum.rows, checksum: sum.checksum };
}

export async function loadRows(target: Store, again: Again, id: string, table: Table, rows: readonly Row[]): Promise<void> {
  for (const batch of batchesOf(rows)) await again(() => target.run('move.load', { id, table: table.name, rows: batch }));
}

/** Reads the target back. @throws MoveMismatch, after which the next run begins anew */
export async function verify({ target, onProgress, signal }: Omit<MoveOptions, 'source'>, again: Again, id: string, wanted: readonly MovedTable[]): Promise<void> {
  for (const [i, want] of wanted.entries()) {
    const table = TABLES.find(({ name }) => name === want.table)!;
    const sum = new TableSum();
    for await (const page of pagesOf(target.store, table, again)) {
      signal?.throwIfAborted();
      for (const row of page) sum.add(row);
      onProgress?.({ phase: 'verifying', table: table.name, rows: sum.rows, tables: i, of: wanted.length });
    }
    if (sum.rows === want.rows && sum.checksum === want.checksum) continue;
    await again(() => target.store.run('move.state', { id, state: 'clearing' }));
    throw new MoveMismatch(table.name, want, { table: table.name, rows: sum.rows, checksum: sum.checksum });
  }
}

/** All rows in the order of the key. Nobody writes, so each page may be read in a transaction of its own. */
async function* pagesOf(store: Store, table: Table, again: Again): AsyncGenerator<Row[]> {
  let after: Row | undefined;
  for (;;) {
    const page: Row[] = await again(() => store.read((tx) => tx.find(table, { limit: PAGE_ROWS, ...(after ? { after } : {}) })));
    if (page.length > 0) yield page;
    if (page.length < PAGE_ROWS) return;
    after = page.at(-1);
  }
}

const metaOf = async (store: Store): Promise<MetaRow[]> => (await store.read((tx) => tx.find(meta, { limit: 10_000 }))).filter(({ name }) => name !== MARK);
const keyText = (table: Table, row: Row): string => JSON.stringify(table.key.map((name) => row[name]));

function sumOf(table: string, rows: readonly Row[]): MovedTable {
  const sum = new TableSum();
  for (const row of rows) sum.add(row);
  return { table, rows: sum.rows, checksum: sum.checksum };
}
