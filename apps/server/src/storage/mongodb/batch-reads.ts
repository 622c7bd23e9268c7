import type { Document } from 'mongodb';
import type { KeyPart, Range, Table } from '../port.ts';
import { fieldOf, fromDocument, keyOf, ORDER } from './documents.ts';
import type { Reader } from './reader.ts';
import { keyName, type Question } from './rows.ts';

interface Wanted {
  table: Table;
  index: string | undefined;
  key: readonly KeyPart[];
  resolve(found: Document | undefined): void;
  reject(error: unknown): void;
}

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
  private wanted: Wanted[] = [];
  private gathering = false;
  private tail: Promise<unknown> = Promise.resolve();

  constructor(private readonly reader: Reader) {}

  async get(table: Table, key: readonly KeyPart[]): Promise<Document | undefined> {
    return this.want(table, undefined, key);
  }

  async find(table: Table, question: Question): Promise<Document[]> {
    const unique = question.index !== undefined && table.indexes[question.index]!.unique && question.prefix?.length === table.indexes[question.index]!.fields.length;
    if (unique && question.limit > 0 && question.after === undefined && bare(question)) {
      const found = await this.want(table, question.index, question.prefix!);
      return found ? [found] : [];
    }
    return this.once(`find ${table.name} ${JSON.stringify(question)}`, () => this.reader.find(table, question));
  }

  async count(table: Table, range: Range): Promise<number> {
    return this.once(`count ${table.name} ${JSON.stringify(range)}`, () => this.reader.count(table, range));
  }

  /** True or false once it has been looked up. */
  exists(table: Table, key: readonly KeyPart[]): boolean | undefined {
    return this.known.get(rowName(table, undefined, key));
  }

  /** The id of the newest outbox row of a stream whose head has been read. */
  orderOf(stream: string): string | undefined {
    return this.orders.get(stream);
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
      if (table.name === 'heads' && typeof document[ORDER] === 'string') this.orders.set(document['_id'] as string, document[ORDER]);
    }
    for (const { key, resolve } of group) {
      const document = found.get(keyName(key));
      if (index === undefined) this.known.set(rowName(table, index, key), document !== undefined);
      else if (document) this.known.set(rowName(table, undefined, keyOf(table, fromDocument(table, document))), true);
      resolve(document);
    }
  }
}

const rowName = (table: Table, index: string | undefined, key: readonly KeyPart[]): string => `${table.name} ${index ?? ''} ${keyName(key)}`;
const bare = ({ gt, gte, lt, lte }: Range): boolean => gt === undefined && gte === undefined && lt === undefined && lte === undefined;
