import type { ReadTx, Row, Table } from '../port.ts';

/** Rows in one page, and their bytes as JSON, roughly: what a batch may come to beyond one row. */
export const PAGE_ROWS = 256;
const BATCH_BYTES = 1024 * 1024;

/** All rows of a table in the order of its key, as one snapshot has them. */
export async function* rowsOf<R extends Row>(tx: ReadTx, table: Table<R>): AsyncGenerator<R[]> {
  let after: R | undefined;
  for (;;) {
    const page: R[] = await tx.find(table, { limit: PAGE_ROWS, ...(after ? { after } : {}) });
    if (page.length > 0) yield page;
    if (page.length < PAGE_ROWS) return;
    after = page.at(-1);
  }
}

/** The rows again, in batches that a store takes at once. */
export function* batchesOf(rows: readonly Row[]): Generator<Row[]> {
  let batch: Row[] = [];
  let bytes = 0;
  for (const row of rows) {
    batch.push(row);
    bytes += JSON.stringify(row).length;
    if (bytes < BATCH_BYTES) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}
