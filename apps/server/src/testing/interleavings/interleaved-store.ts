import type { CommandHandler } from '../../storage/command.ts';
import type { CommandArgs, CommandName, CommandResult } from '../../storage/commands.ts';
import { cloneJson } from '../../storage/json.ts';
import { getRow, withoutRow, withRow, type Snapshot } from '../../storage/memory/memory-tables.ts';
import { MemoryReadTx, MemoryTx } from '../../storage/memory/memory-tx.ts';
import { UniqueViolation, type KeyPart, type ReadTx, type Row, type Store, type StoredEvent, type Table } from '../../storage/port.ts';
import { StoreClock } from '../../storage/store-clock.ts';

/** What all tasks of one run share. */
export interface Shared {
  snapshot: Snapshot;
  readonly commands: Readonly<Record<string, CommandHandler<never, unknown>>>;
  readonly now: number;
  committed(events: StoredEvent[]): void;
}

interface Write { table: Table; key: readonly KeyPart[]; row: Row | null }

/** Remembers what a command writes. */
class RecordingTx extends MemoryTx {
  readonly writes: Write[] = [];

  override async insert<R extends Row>(table: Table<R>, row: R): Promise<void> {
    await super.insert(table, row);
    this.#note(table as Table, row);
  }

  override async put<R extends Row>(table: Table<R>, row: R): Promise<void> {
    await super.put(table, row);
    this.#note(table as Table, row);
  }

  override async delete<R extends Row>(table: Table<R>, key: readonly KeyPart[]): Promise<boolean> {
    const gone = await super.delete(table, key);
    if (gone) this.writes.push({ table: table as Table, key, row: null });
    return gone;
  }

  #note(table: Table, row: Row): void {
    this.writes.push({ table, key: table.key.map((field) => row[field] as KeyPart), row: cloneJson(row) });
  }
}

/**
 * A store as one task sees it, each of whose reads and commands is a step that waits for its turn. With `snapshots` a command
 * is two: it reads and writes in the snapshot of the first, and is committed in the second, unless somebody has changed a row
 * meanwhile that it changes too; then it begins again. What it only read may have changed, which is less than the port
 * promises and what a database with snapshot isolation gives.
 */
export class InterleavedStore implements Pick<Store, 'read' | 'run'> {
  #ids = 0;
  /** What the step before told the task: all that its next step may follow from. */
  #seen = '';

  constructor(private readonly shared: Shared, private readonly task: number, private readonly turn: (done: string) => Promise<void>, private readonly snapshots: boolean) {}

  async read<T>(work: (tx: ReadTx) => Promise<T>): Promise<T> {
    await this.turn(`${this.#seen} read`);
    const result = await work(new MemoryReadTx(this.shared.snapshot));
    this.#seen = JSON.stringify(result) ?? '';
    return result;
  }

  async run<N extends CommandName>(name: N, args: CommandArgs<N>): Promise<CommandResult<N>> {
    for (;;) {
      await this.turn(`${this.#seen} run ${name}`);
      const base = this.shared.snapshot;
      const tx = new RecordingTx(base, new StoreClock(() => this.shared.now), () => `00000000-0000-7000-8000-${(this.task * 10_000 + ++this.#ids).toString().padStart(12, '0')}`);
      const handler = this.shared.commands[name] as CommandHandler<unknown, CommandResult<N>>;
      const result = cloneJson(await handler(tx, cloneJson(args)));
      const writes = tx.writes.filter(({ table, key, row }) => !same(getRow(base, table, key), row));
      const { events } = tx.finish();
      this.#seen = `${JSON.stringify(result)} ${JSON.stringify(writes.map((w) => [w.table.name, w.key, w.row]))}`;
      if (this.snapshots) await this.turn(`${this.#seen} commit ${name}`);
      if (!this.#commit(base, writes)) continue;
      if (events.length > 0) this.shared.committed(events);
      return result;
    }
  }

  #commit(base: Snapshot, writes: readonly Write[]): boolean {
    let next = this.shared.snapshot;
    if (next !== base && writes.some(({ table, key }) => !same(getRow(base, table, key), getRow(next, table, key) ?? null))) return false;
    try {
      for (const { table, key, row } of writes) next = row === null ? withoutRow(next, table, key) : withRow(next, table, row, false);
    } catch (error) {
      if (error instanceof UniqueViolation) return false;
      throw error;
    }
    this.shared.snapshot = next;
    return true;
  }
}

const same = (a: Row | undefined, b: Row | null): boolean => JSON.stringify(sorted(a ?? null)) === JSON.stringify(sorted(b));
const sorted = (row: Row | null): unknown => (row === null ? null : Object.entries(row).filter(([, v]) => v !== null && v !== undefined).sort(([x], [y]) => (x < y ? -1 : 1)));
