import { cloneJson } from '../json.ts';
import { EventCollector } from '../events.ts';
import type { KeyPart, Range, ReadTx, Row, StoredEvent, StreamEvent, Table, Tx } from '../port.ts';
import type { StoreClock } from '../store-clock.ts';
import { outbox } from '../tables.ts';
import { countRows, findRows, getRow, withoutRow, withRow, type Snapshot } from './memory-tables.ts';

export class MemoryReadTx implements ReadTx {
  constructor(protected snapshot: Snapshot) {}

  async get<R extends Row>(table: Table<R>, key: readonly KeyPart[]): Promise<R | undefined> {
    return getRow(this.snapshot, table, key);
  }

  async find<R extends Row>(table: Table<R>, range: Range & { reverse?: boolean; limit: number }): Promise<R[]> {
    return findRows(this.snapshot, table, range);
  }

  async count<R extends Row>(table: Table<R>, range: Range): Promise<number> {
    return countRows(this.snapshot, table, range);
  }
}

/** One command's transaction: a snapshot of its own that becomes everybody's when it is committed. */
export class MemoryTx extends MemoryReadTx implements Tx {
  private readonly collected = new EventCollector();
  private readonly at: number;

  constructor(snapshot: Snapshot, private readonly clock: StoreClock, private readonly newUuid: () => string) {
    super(snapshot);
    this.at = clock.now();
  }

  async insert<R extends Row>(table: Table<R>, row: R): Promise<void> {
    this.snapshot = withRow(this.snapshot, table as Table, row, true);
  }

  async put<R extends Row>(table: Table<R>, row: R): Promise<void> {
    this.snapshot = withRow(this.snapshot, table as Table, row, false);
  }

  async delete<R extends Row>(table: Table<R>, key: readonly KeyPart[]): Promise<boolean> {
    const before = this.snapshot;
    this.snapshot = withoutRow(before, table as Table, key);
    return this.snapshot !== before;
  }

  now(): number {
    return this.at;
  }

  uuid(): string {
    return this.newUuid();
  }

  emit(event: StreamEvent): void {
    this.collected.add(event);
  }

  /** Writes the outbox rows; what follows from it is the state after the command. */
  finish(): { snapshot: Snapshot; events: StoredEvent[] } {
    const { rows, events } = this.collected.finish(this.at, () => this.clock.nextId());
    for (const row of rows) this.snapshot = withRow(this.snapshot, outbox as Table, row, true);
    return { snapshot: this.snapshot, events: cloneJson(events) };
  }
}
