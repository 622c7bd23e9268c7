import { EventCollector } from '../events.ts';
import { cloneJson } from '../json.ts';
import { checkKey, checkRow, comparePrefix, orderedFields, type Position } from '../order.ts';
import { UniqueViolation, type KeyPart, type Range, type Row, type StoredEvent, type StreamEvent, type Table, type Tx } from '../port.ts';
import type { StoreClock } from '../store-clock.ts';
import { heads, outbox } from '../tables.ts';
import type { BatchReads } from './batch-reads.ts';
import { fromDocument, keyOf } from './documents.ts';
import type { Overlay, Written } from './overlay.ts';
import { keyName, placeIn, type Question } from './rows.ts';

/** Read by commands that rely on them without changing them: two processes must not do so past each other. */
const LOCKED: ReadonlySet<string> = new Set(['leases']);

export interface TxOptions {
  reads: BatchReads;
  overlay: Overlay;
  clock: StoreClock;
  uuid(): string;
  /** Looks for violations before each write; otherwise the database tells of them at the end of the batch, which is then run again. */
  careful: boolean;
}

/** One command's view: what the database had when the transaction began, under what it and those before it have written. */
export class MongodbTx implements Tx {
  /** Keys of rows that the command relies on, by table name. */
  readonly relied: { table: Table; key: readonly KeyPart[] }[] = [];
  private readonly collected = new EventCollector();
  private readonly streams = new Set<string>();
  private readonly at: number;
  private over = false;

  constructor(private readonly options: TxOptions) {
    this.at = options.clock.now();
  }

  async get<R extends Row>(table: Table<R>, key: readonly KeyPart[]): Promise<R | undefined> {
    return (await this.row(table as Table, key)) as R | undefined;
  }

  async find<R extends Row>(table: Table<R>, range: Question): Promise<R[]> {
    return (await this.rows(table as Table, range)) as R[];
  }

  async count<R extends Row>(table: Table<R>, range: Range): Promise<number> {
    const { reads, overlay } = this.open();
    const plain = table as Table;
    let count = await reads.count(plain, range);
    for (const { key, row, fresh } of overlay.of(plain)?.values() ?? []) {
      const stored = fresh ? undefined : await reads.get(plain, key);
      if (stored && placeIn(plain, range, fromDocument(plain, stored))) count--;
      if (row && placeIn(plain, range, row)) count++;
    }
    return count;
  }

  async insert<R extends Row>(table: Table<R>, row: R): Promise<void> {
    await this.write(table as Table, row, true);
  }

  async put<R extends Row>(table: Table<R>, row: R): Promise<void> {
    await this.write(table as Table, row, false);
  }

  async delete<R extends Row>(table: Table<R>, key: readonly KeyPart[]): Promise<boolean> {
    const plain = table as Table;
    const row = await this.row(plain, key);
    if (row === undefined) return false;
    if (!this.options.careful) await this.requireKnown(plain, key, row, undefined);
    this.open().overlay.set(plain, key, null, false);
    return true;
  }

  now(): number {
    return this.at;
  }

  uuid(): string {
    return this.options.uuid();
  }

  emit(event: StreamEvent): void {
    this.streams.add(event.stream);
    this.collected.add(event);
  }

  /** Adds the outbox rows, under ids above those that their streams have. */
  async finish(): Promise<StoredEvent[]> {
    const { reads, overlay, clock } = this.open();
    for (const stream of this.streams) {
      await reads.get(heads as Table, [stream]);
      const order = reads.orderOf(stream);
      if (order !== undefined) clock.passed(order);
    }
    const { rows, events } = this.collected.finish(this.at, () => clock.nextId());
    for (const row of rows) overlay.set(outbox as Table, [row.id], cloneJson(row), true);
    this.end();
    return cloneJson(events);
  }

  /** Whoever still holds it must not read or write in the transaction of others. */
  end(): void {
    this.over = true;
  }

  private open(): TxOptions {
    if (this.over) throw new TypeError('the transaction is over');
    return this.options;
  }

  private async row(table: Table, key: readonly KeyPart[]): Promise<Row | undefined> {
    checkKey(table, key);
    const { reads, overlay } = this.open();
    const written = overlay.get(table, key);
    if (written) return written.row ? cloneJson(written.row) : undefined;
    const stored = await reads.get(table, key);
    if (stored && LOCKED.has(table.name)) this.relied.push({ table, key });
    return stored && fromDocument(table, stored);
  }

  private async rows(table: Table, range: Question): Promise<Row[]> {
    const { reads, overlay } = this.open();
    const fields = orderedFields(table, range.index);
    if (range.limit <= 0) return [];
    const written = overlay.of(table);
    // Of the rows asked for, at most those that are replaced or deleted fall out again.
    const extra = written ? [...written.values()].filter(({ fresh }) => !fresh).length : 0;
    const stored = (await reads.find(table, { ...range, limit: range.limit + extra })).map((document) => fromDocument(table, document));
    if (!written) return stored;
    const placed: { row: Row; place: Position }[] = stored.filter((row) => !written.has(keyName(keyOf(table, row)))).map((row) => ({ row, place: fields.map((name) => row[name] as KeyPart) }));
    for (const { row } of written.values()) {
      const place = row && placeIn(table, range, row);
      if (place) placed.push({ row: cloneJson(row), place });
    }
    placed.sort((a, b) => (range.reverse ? comparePrefix(b.place, a.place) : comparePrefix(a.place, b.place)));
    return placed.slice(0, range.limit).map(({ row }) => row);
  }

  private async write(table: Table, given: Row, insert: boolean): Promise<void> {
    const { reads, overlay, careful } = this.open();
    const row = cloneJson(given);
    checkRow(table, row);
    for (const name in table.columns) row[name] ??= null;
    const key = keyOf(table, row);
    const written: Written | undefined = overlay.get(table, key);
    if (insert && (written ? written.row !== null : (careful && (await reads.get(table, key)) !== undefined) || reads.exists(table, key) === true)) throw new UniqueViolation(table.name, 'key');
    if (careful) {
      if (!written && !insert) await reads.get(table, key);
      await this.refuseTaken(table, row, key);
    } else {
      this.refuseWritten(table, row, key);
      await this.requireKnown(table, key, written?.row ?? undefined, row);
      for (const [index, values] of uniqueValues(table, row)) overlay.taken.set(valueName(table, index, values), keyName(key));
    }
    this.open().overlay.set(table, key, row, insert || reads.exists(table, key) === false);
  }

  private async refuseTaken(table: Table, row: Row, key: readonly KeyPart[]): Promise<void> {
    for (const [index, prefix] of uniqueValues(table, row)) {
      const others = (await this.rows(table, { index, prefix, limit: 2 })).filter((other) => keyName(keyOf(table, other)) !== keyName(key));
      if (others.length > 0) throw new UniqueViolation(table.name, index);
    }
  }

  /**
   * What was taken without looking is judged by the database at the end, so it must still be there then, and whoever had
   * it before as well. Where a change would hide either, it is looked up now; a doubt means that all is run again with care.
   */
  private async requireKnown(table: Table, key: readonly KeyPart[], before: Row | undefined, after: Row | undefined): Promise<void> {
    const { reads, overlay } = this.open();
    const own = keyName(key);
    const written = overlay.get(table, key);
    const kept = new Set(after ? uniqueValues(table, after).map(([index, values]) => valueName(table, index, values)) : []);
    if (written?.row) {
      if (after === undefined && written.fresh && (await reads.get(table, key)) !== undefined) this.requireCare();
      for (const [index, values] of uniqueValues(table, before!)) {
        if (kept.has(valueName(table, index, values))) continue;
        const [stored] = await reads.find(table, { index, prefix: values, limit: 1 });
        if (stored && keyName(keyOf(table, fromDocument(table, stored))) !== own) this.requireCare();
      }
    }
    if (!hasUnique(table) || overlay.taken.size === 0 || written?.fresh) return;
    const stored = await reads.get(table, key);
    for (const [index, values] of stored ? uniqueValues(table, fromDocument(table, stored)) : []) {
      const name = valueName(table, index, values);
      if (!kept.has(name) && (overlay.taken.get(name) ?? own) !== own) this.requireCare();
    }
  }

  private requireCare(): never {
    this.options.overlay.needsCare = true;
    throw new Error('to be run again with care');
  }

  /** Violations among what the batch writes itself, which would otherwise be told of too late to say whose they are. */
  private refuseWritten(table: Table, row: Row, key: readonly KeyPart[]): void {
    const written = this.options.overlay.of(table);
    if (!written || written.size === 0) return;
    for (const [index, prefix] of uniqueValues(table, row)) {
      for (const [name, other] of written) {
        if (name !== keyName(key) && other.row && placeIn(table, { index, prefix }, other.row)) throw new UniqueViolation(table.name, index);
      }
    }
  }
}

function uniqueValues(table: Table, row: Row): [string, KeyPart[]][] {
  return Object.entries(table.indexes)
    .filter(([, { unique, fields }]) => unique && fields.every((name) => row[name] !== null))
    .map(([index, { fields }]) => [index, fields.map((name) => row[name] as KeyPart)]);
}

const hasUnique = (table: Table): boolean => Object.values(table.indexes).some(({ unique }) => unique);
const valueName = (table: Table, index: string, values: readonly KeyPart[]): string => `${table.name} ${index} ${keyName(values)}`;
