import { ParleyError, type ErrorCode } from '@parley/shared/protocol/errors';
import type { CommandHandler } from './command.ts';
import { COMMANDS as PRODUCT } from './commands.ts';
import type { KeyPart, Range, Row, Store, StreamEvent, Table } from './port.ts';
import { headOf } from './streams.ts';
import { heads, TABLES as PRODUCT_TABLES } from './tables.ts';

export interface ThingRow extends Row {
  group: string;
  id: string;
  label?: string | null;
  rank?: number | null;
  code?: string | null;
  place?: number | null;
  rest?: unknown;
}
/** A table with every kind of index, for the contract suite. */
export const things = {
  name: 'test_things', key: ['group', 'id'], shard: 'group', hot: false as boolean, recalled: true, warm: true,
  repeated: { rest: ['group', 'label'] },
  columns: { group: 'text', id: 'text', label: 'text', rank: 'integer', code: 'text', place: 'integer' },
  indexes: { by_rank: { fields: ['group', 'rank'] }, by_label_rank: { fields: ['label', 'rank'] }, by_code: { fields: ['group', 'code'], unique: true }, by_place: { fields: ['group', 'place'], unique: true } },
} as const satisfies Table<ThingRow>;

/** The same, with new rows gathered before they are filed. */
export const HOT_TABLES: readonly Table[] = [...PRODUCT_TABLES, { ...things, hot: true } as Table];

export const TABLES: readonly Table[] = [...PRODUCT_TABLES, things as Table];

/** One act of a scripted command. Rows of `things` unless `table` names another. */
export type Step = { table?: string } & (
  | { do: 'get'; key: KeyPart[] }
  | { do: 'find'; range: Range & { reverse?: boolean; limit: number } }
  | { do: 'count'; range: Range }
  | { do: 'insert' | 'put'; row: Row }
  | { do: 'delete'; key: KeyPart[] }
  | { do: 'emit'; event: StreamEvent }
  | { do: 'now' | 'uuid' }
  | { do: 'refuse'; code: ErrorCode; retry_after_ms?: number }
  | { do: 'break' }
);

const script: CommandHandler<{ steps: Step[] }, { results: unknown[] }> = async (tx, { steps }) => {
  const results: unknown[] = [];
  for (const step of steps) {
    const table = step.table === undefined ? (things as Table) : TABLES.find((t) => t.name === step.table)!;
    switch (step.do) {
      case 'get': results.push((await tx.get(table, step.key)) ?? null); break;
      case 'find': results.push(await tx.find(table, step.range)); break;
      case 'count': results.push(await tx.count(table, step.range)); break;
      case 'insert': results.push((await tx.insert(table, step.row)) ?? null); break;
      case 'put': results.push((await tx.put(table, step.row)) ?? null); break;
      case 'delete': results.push(await tx.delete(table, step.key)); break;
      case 'emit': results.push(tx.emit(step.event) ?? null); break;
      case 'now': results.push(tx.now()); break;
      case 'uuid': results.push(tx.uuid()); break;
      case 'refuse': throw new ParleyError(step.code, 'as told', step.retry_after_ms === undefined ? {} : { retry_after_ms: step.retry_after_ms });
      case 'break': throw new RangeError('broken as told');
    }
  }
  return { results };
};

/** Takes the next rev of a stream and leaves a row under it. */
const bump: CommandHandler<{ stream: StreamEvent['stream']; fail?: boolean }, { rev: number }> = async (tx, { stream, fail }) => {
  const head = await headOf(tx, stream);
  const rev = head.rev + 1;
  await tx.put(heads, { ...head, rev });
  await tx.insert(things, { group: stream, id: String(rev), rank: rev });
  tx.emit({ stream, from: head.rev, rev, seq: 0, entities: [] });
  if (fail) throw new ParleyError('conflict');
  return { rev };
};

/** The product's commands and those of the contract suite; also loaded by a writer thread under test. */
export const COMMANDS = { ...PRODUCT, 'test.script': script, 'test.bump': bump } as Readonly<Record<string, CommandHandler<never, unknown>>>;

export async function runScript(store: Store, steps: Step[]): Promise<unknown[]> {
  const run = store.run as unknown as (name: string, args: unknown) => Promise<{ results: unknown[] }>;
  return (await run.call(store, 'test.script', { steps })).results;
}

export async function runBump(store: Store, stream: StreamEvent['stream'], fail = false): Promise<number> {
  const run = store.run as unknown as (name: string, args: unknown) => Promise<{ rev: number }>;
  return (await run.call(store, 'test.bump', fail ? { stream, fail } : { stream })).rev;
}
