import { EventCollector } from '../events.ts';
import type { KeyPart, Range, ReadTx, Row, StoredEvent, StreamEvent, Table, Tx } from '../port.ts';
import type { StoreClock } from '../store-clock.ts';
import { outbox } from '../tables.ts';
import type { Statements } from './statements.ts';

/** Reads within the transaction that its connection is in. */
export class SqliteReadTx implements ReadTx {
  private over = false;

  constructor(private readonly using: Statements) {}

  async get<R extends Row>(table: Table<R>, key: readonly KeyPart[]): Promise<R | undefined> {
    return this.statements.get(table as Table, key) as R | undefined;
  }

  async find<R extends Row>(table: Table<R>, range: Range & { reverse?: boolean; limit: number }): Promise<R[]> {
    return this.statements.find(table as Table, range) as R[];
  }

  async count<R extends Row>(table: Table<R>, range: Range): Promise<number> {
    return this.statements.count(table as Table, range);
  }

  /** Its connection goes to others: whoever still holds it must not read or write in their transaction. */
  end(): void {
    this.over = true;
  }

  protected get statements(): Statements {
    if (this.over) throw new TypeError('the transaction is over');
    return this.using;
  }
}

/** One command's writes, between a savepoint and its release. */
export class SqliteTx extends SqliteReadTx implements Tx {
  private readonly collected = new EventCollector();
  private readonly at: number;

  constructor(using: Statements, private readonly clock: StoreClock, private readonly newUuid: () => string) {
    super(using);
    this.at = clock.now();
  }

  async insert<R extends Row>(table: Table<R>, row: R): Promise<void> {
    this.statements.insert(table as Table, row);
  }

  async put<R extends Row>(table: Table<R>, row: R): Promise<void> {
    this.statements.put(table as Table, row);
  }

  async delete<R extends Row>(table: Table<R>, key: readonly KeyPart[]): Promise<boolean> {
    return this.statements.delete(table as Table, key);
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

  finish(): StoredEvent[] {
    const { rows, events } = this.collected.finish(this.at, () => this.clock.nextId());
    for (const row of rows) this.statements.insert(outbox as Table, row);
    this.end();
    return events;
  }
}
