import type { Document } from 'mongodb';
import { orderedFields } from '../order.ts';
import type { KeyPart, Range, Table } from '../port.ts';
import { heads } from '../tables.ts';
import { fieldOf, fromDocument, isRow, keyOf, ORDER } from './documents.ts';
import { guardOf, versionOf, type GuardedAnswers } from './guards.ts';
import { valueName } from './overlay.ts';
import type { Reader } from './reader.ts';
import { keyName, type Question } from './rows.ts';

interface Wanted {
  table: Table;
  index: string | undefined;
  key: readonly KeyPart[];
  resolve(found: Document | undefined): void;
  reject(error: unknown): void;
}

/** Longer answers are not kept from one transaction to the next. */
const SHORT = 8;

const HEADS = heads as Table;

/**
 * What one transaction reads. Its own writes reach the database at its end only, so an answer holds all the while and is
 * kept; rows wanted while an earlier question is under way are asked for together. A transaction asks one thing at a time.
 */
export class BatchReads {
  /** The first failure of the database: after it nothing of the batch counts, whatever its commands made of it. */
  failure: { error: unknown } | undefined;
  private readonly rows = new Map<string, Promise<Document | undefined>>();
  private readonly known = new Map<string, boolean>();
  private readonly answers = new Map<string, Promise<unknown>>();
  private readonly orders = new Map<string, string>();
  private readonly mustLook = new Set<string>();
  private wanted: Wanted[] = [];
  private gathering = false;
  private tail: Promise<unknown> = Promise.resolve();

  constructor(private readonly reader: Reader, private readonly guarded: GuardedAnswers) {}

  async get(table: Table, key: readonly KeyPart[]): Promise<Document | undefined> {
    if (table.name === heads.name) {
      const head = await this.want(table, undefined, key);
      return head && isRow(table, head) ? head : undefined;
    }
    const guard = guardOf(table, key[0]);
    if (guard === undefined) return this.want(table, undefined, key);
    const name = rowName(table, undefined, key);
    return this.under(guard, name, async () => this.want(table, undefined, key), () => true, (found) => this.known.set(name, found !== undefined));
  }

  async find(table: Table, question: Question): Promise<Document[]> {
    if (isOneUnique(table, question)) {
      const found = await this.want(table, question.index, question.prefix!);
      return found ? [found] : [];
    }
    const name = `find ${table.name} ${JSON.stringify(question)}`;
    const ask = async (): Promise<Document[]> => this.once(name, () => this.reader.find(table, question));
    const guard = orderedFields(table, question.index)[0] === table.shard ? guardOf(table, question.prefix?.[0]) : undefined;
    return guard === undefined ? ask() : this.under(guard, name, ask, (found) => found.length <= SHORT);
  }

  async count(table: Table, range: Range): Promise<number> {
    return this.once(`count ${table.name} ${JSON.stringify(range)}`, () => this.reader.count(table, range));
  }

  /** Resolves when nothing is being asked: a transaction does one thing at a time. */
  async idle(): Promise<void> {
    for (let tail; tail !== this.tail; ) {
      tail = this.tail;
      await tail;
    }
    this.throwFailure();
  }

  throwFailure(): void {
    if (this.failure) throw this.failure.error;
  }

  /** Asks for the heads that will be wanted, with the first question of all. */
  foresee(streams: Iterable<string>): void {
    // Who wants one of them hears of the failure.
    for (const stream of streams) this.want(HEADS, undefined, [stream]).catch(() => undefined);
  }

  /** Whether a value of a unique index may be taken for absent, since it is going to be written and the index is the judge. */
  mayAssumeAbsent(value: string): boolean {
    return !this.mustLook.has(value);
  }

  look(values: Iterable<string>): void {
    for (const value of values) this.mustLook.add(value);
  }

  /** True or false once it has been looked up. */
  exists(table: Table, key: readonly KeyPart[]): boolean | undefined {
    return this.known.get(rowName(table, undefined, key));
  }

  /** The id of the newest outbox row of a stream whose head has been read. */
  orderOf(stream: string): string | undefined {
    return this.orders.get(stream);
  }

  /** An answer that an earlier transaction had, while its guard has the version of then. */
  private async under<T>(guard: string, name: string, ask: () => Promise<T>, worthKeeping: (value: T) => boolean, seen?: (value: T) => void): Promise<T> {
    const version = versionOf(await this.want(HEADS, undefined, [guard]));
    const kept = this.guarded.answer(guard, version, name) as { value: T } | undefined;
    if (kept) {
      seen?.(kept.value);
      return kept.value;
    }
    const value = await ask();
    if (worthKeeping(value)) this.guarded.keep(guard, version, name, value);
    return value;
  }

  private async want(table: Table, index: string | undefined, key: readonly KeyPart[]): Promise<Document | undefined> {
    const name = rowName(table, index, key);
    let row = this.rows.get(name);
    if (!row) {
      row = new Promise((resolve, reject) => this.wanted.push({ table, index, key, resolve, reject }));
      this.rows.set(name, row);
      if (!this.gathering) {
        this.gathering = true;
        this.inTurn(() => this.gather()).catch((error: unknown) => {
          this.gathering = false;
          for (const wanted of this.wanted.splice(0)) wanted.reject(error);
        });
      }
    }
    return row;
  }

  private async once<T>(name: string, ask: () => Promise<T>): Promise<T> {
    let answer = this.answers.get(name) as Promise<T> | undefined;
    if (!answer) {
      answer = this.inTurn(ask);
      this.answers.set(name, answer);
    }
    return answer;
  }

  private async inTurn<T>(ask: () => Promise<T>): Promise<T> {
    const turn = this.tail.then(async () => {
      if (this.failure) throw this.failure.error;
      try {
        return await ask();
      } catch (error) {
        this.failure ??= { error };
        throw error;
      }
    });
    this.tail = turn.catch(() => undefined);
    return turn;
  }

  private async gather(): Promise<void> {
    this.gathering = false;
    const groups = new Map<string, Wanted[]>();
    for (const wanted of this.wanted.splice(0)) {
      const name = `${wanted.table.name} ${wanted.index ?? ''}`;
      const group = groups.get(name);
      if (group) group.push(wanted);
      else groups.set(name, [wanted]);
    }
    let failed: unknown;
    for (const group of groups.values()) {
      try {
        if (failed !== undefined) throw failed;
        await this.answer(group);
      } catch (error) {
        failed = error;
        for (const { reject } of group) reject(error);
      }
    }
    if (failed !== undefined) throw failed;
  }

  private async answer(group: Wanted[]): Promise<void> {
    const { table, index } = group[0]!;
    const fields = index === undefined ? table.key : table.indexes[index]!.fields;
    const found = new Map<string, Document>();
    for (const document of await this.reader.gather(table, index, group.map(({ key }) => key))) {
      found.set(keyName(fields.map((name) => document[fieldOf(table, name)] as KeyPart)), document);
      if (table.name === heads.name && typeof document[ORDER] === 'string') this.orders.set(document['_id'] as string, document[ORDER]);
    }
    for (const { key, resolve } of group) {
      const document = found.get(keyName(key));
      if (index === undefined) this.known.set(rowName(table, index, key), document !== undefined && isRow(table, document));
      else if (document) this.known.set(rowName(table, undefined, keyOf(table, fromDocument(table, document))), true);
      resolve(document);
    }
  }
}

/** The name of the value when a question asks for the one row of a value of a unique index. */
export function oneUnique(table: Table, question: Question): string | undefined {
  return isOneUnique(table, question) ? valueName(table, question.index!, question.prefix!) : undefined;
}

function isOneUnique(table: Table, question: Question): boolean {
  const index = question.index === undefined ? undefined : table.indexes[question.index];
  return index?.unique === true && question.prefix?.length === index.fields.length && question.limit > 0 && question.after === undefined && bare(question);
}

const rowName = (table: Table, index: string | undefined, key: readonly KeyPart[]): string => `${table.name} ${index ?? ''} ${keyName(key)}`;
const bare = ({ gt, gte, lt, lte }: Range): boolean => gt === undefined && gte === undefined && lt === undefined && lte === undefined;
