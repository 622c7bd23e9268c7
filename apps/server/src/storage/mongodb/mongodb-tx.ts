import { EventCollector } from '../events.ts';
import { cloneJson } from '../json.ts';
import { checkKey, checkRow, comparePrefix, orderedFields, type Position } from '../order.ts';
import { UniqueViolation, type KeyPart, type Range, type Row, type StoredEvent, type StreamEvent, type Table, type Tx } from '../port.ts';
import type { StoreClock } from '../store-clock.ts';
import { heads, outbox } from '../tables.ts';
import { oneUnique, type BatchReads } from './batch-reads.ts';
import { fromDocument, keyOf } from './documents.ts';
import { guardOf, isOwnGuard } from './guards.ts';
import { uniqueValues, type Overlay, type Written } from './overlay.ts';
import { keyName, placeIn, type Question } from './rows.ts';

/** Read by commands that rely on them without changing them: two processes must not do so past each other. */
const LOCKED: ReadonlySet<string> = new Set(['leases']);
/** Values that are nearly always new, and always written when they are asked for: the index tells when one was not. */
const NEARLY_NEW: ReadonlySet<string> = new Set(['messages by_client']);

export interface TxOptions {
  reads: BatchReads;
  overlay: Overlay;
  clock: StoreClock;
  uuid(): string;
  /** Ends outbox ids, so that no two processes give the same. */
  process: string;
  /** Looks for violations before each write; otherwise the database tells of them at the end of the batch, which is then run again. */
  careful: boolean;
}

/** One command's view: what the database had when the transaction began, under what it and those before it have written. */
export class MongodbTx implements Tx {
  /** Keys of rows that the command relies on, by table name. */
  readonly relied: { table: Table; key: readonly KeyPart[] }[] = [];
  /** It wrote rows that have a guard of their own. */
  wroteGuarded = false;
  /** Heads and guards that it has asked for. */
  readonly heads = new Set<string>();
  private readonly seen = new Map<string, { table: Table; key: readonly KeyPart[] }>();
  private readonly asked: { table: Table; range: Question }[] = [];
  private readonly assumed = new Set<string>();
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
    this.note(plain, { ...range, limit: Number.MAX_SAFE_INTEGER });
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
    if (!this.options.careful) await this.requireKnown(plain, key, row, undefined, false);
    this.noteWrite(plain, key);
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

  /** Values that it took for absent and did not write then: whether they are was left to nobody. */
  unproven(): string[] {
    return [...this.assumed].filter((value) => this.options.overlay.ownerOf(value) === undefined);
  }

  /** Whether what it has seen would be other with these writes before it, or what it has written not allowed. */
  isTouchedBy(earlier: Overlay): boolean {
    for (const { table, key } of this.seen.values()) if (earlier.get(table, key)) return true;
    for (const { table, range } of this.asked) {
      for (const { row, fresh } of earlier.of(table)?.values() ?? []) if (!fresh || (row && placeIn(table, range, row))) return true;
    }
    for (const { table, key, row, fresh } of this.options.overlay.every()) {
      if (earlier.get(table, key) || (!fresh && earlier.taken.size > 0 && hasUnique(table))) return true;
      if (row && uniqueValues(table, row).some(([value]) => (earlier.ownerOf(value) ?? keyName(key)) !== keyName(key))) return true;
    }
    return false;
  }

  /** Adds the outbox rows to what the batch writes, under ids above those that their streams have. */
  async finish(overlay: Overlay): Promise<StoredEvent[]> {
    const { reads, clock, process } = this.open();
    for (const stream of this.streams) {
      await reads.get(heads as Table, [stream]);
      const order = reads.orderOf(stream);
      if (order !== undefined) clock.passed(order);
    }
    const { rows, events } = this.collected.finish(this.at, () => `${clock.nextId()}${process}`);
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
    this.seen.set(`${table.name} ${keyName(key)}`, { table, key });
    this.noteHead(table.name === heads.name ? (key[0] as string) : guardOf(table, key[0]));
    const written = overlay.get(table, key);
    if (written) return written.row ? cloneJson(written.row) : undefined;
    const stored = await reads.get(table, key);
    if (stored && LOCKED.has(table.name)) this.relied.push({ table, key });
    return stored && fromDocument(table, stored);
  }

  private async rows(table: Table, range: Question): Promise<Row[]> {
    const { reads, overlay, careful } = this.open();
    const fields = orderedFields(table, range.index);
    if (range.limit <= 0) return [];
    this.note(table, range);
    const value = oneUnique(table, range);
    if (value !== undefined && !careful && NEARLY_NEW.has(`${table.name} ${range.index}`) && overlay.ownerOf(value) === undefined && reads.mayAssumeAbsent(value)) {
      this.assumed.add(value);
      return [];
    }
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
    const look = careful || table.name === heads.name;
    if (insert && (written ? written.row !== null : (look && (await reads.get(table, key)) !== undefined) || reads.exists(table, key) === true)) throw new UniqueViolation(table.name, 'key');
    if (careful) {
      if (!written && !insert) await reads.get(table, key);
      await this.refuseTaken(table, row, key);
    } else {
      this.refuseWritten(table, row, key);
      await this.requireKnown(table, key, written?.row ?? undefined, row, insert);
      for (const [value] of uniqueValues(table, row)) overlay.taken.set(value, keyName(key));
    }
    this.noteWrite(table, key);
    this.open().overlay.set(table, key, row, insert || reads.exists(table, key) === false);
  }

  private async refuseTaken(table: Table, row: Row, key: readonly KeyPart[]): Promise<void> {
    for (const [, index, prefix] of uniqueValues(table, row)) {
      const others = (await this.rows(table, { index, prefix, limit: 2 })).filter((other) => keyName(keyOf(table, other)) !== keyName(key));
      if (others.length > 0) throw new UniqueViolation(table.name, index);
    }
  }

  /**
   * What was taken without looking is judged by the database at the end, so it must still be there then, and whoever had
   * it before as well. Where a change would hide either, it is looked up now; a doubt means that all is run again with care.
   */
  private async requireKnown(table: Table, key: readonly KeyPart[], before: Row | undefined, after: Row | undefined, insert: boolean): Promise<void> {
    const { reads, overlay } = this.open();
    const own = keyName(key);
    const written = overlay.get(table, key);
    const kept = new Set(after ? uniqueValues(table, after).map(([value]) => value) : []);
    if (written?.row) {
      if (after === undefined && written.fresh && (await reads.get(table, key)) !== undefined) this.requireCare();
      for (const [value, index, values] of uniqueValues(table, before!)) {
        if (kept.has(value)) continue;
        const [stored] = await reads.find(table, { index, prefix: values, limit: 1 });
        if (stored && keyName(keyOf(table, fromDocument(table, stored))) !== own) this.requireCare();
      }
    }
    // What is inserted takes no row's place.
    if (insert || !hasUnique(table) || overlay.taken.size === 0 || written?.fresh) return;
    const stored = await reads.get(table, key);
    for (const [name] of stored ? uniqueValues(table, fromDocument(table, stored)) : []) {
      if (!kept.has(name) && (overlay.taken.get(name) ?? own) !== own) this.requireCare();
    }
  }

  private requireCare(): never {
    this.options.overlay.needsCare = true;
    throw new Error('to be run again with care');
  }

  /** Violations among what the batch writes itself, which would otherwise be told of too late to say whose they are. */
  private refuseWritten(table: Table, row: Row, key: readonly KeyPart[]): void {
    for (const [value, index] of uniqueValues(table, row)) {
      const owner = this.options.overlay.ownerOf(value);
      if (owner !== undefined && owner !== keyName(key)) throw new UniqueViolation(table.name, index);
    }
  }

  private note(table: Table, range: Question): void {
    this.asked.push({ table, range });
    if (orderedFields(table, range.index)[0] === table.shard) this.noteHead(guardOf(table, range.prefix?.[0]));
  }

  private noteWrite(table: Table, key: readonly KeyPart[]): void {
    const guard = guardOf(table, key[0]);
    if (guard !== undefined && isOwnGuard(guard)) this.wroteGuarded = true;
  }

  private noteHead(name: string | undefined): void {
    if (name !== undefined) this.heads.add(name);
  }
}

const hasUnique = (table: Table): boolean => Object.values(table.indexes).some(({ unique }) => unique);
