import type { ClientSession, Db, Document, ReadConcernLike } from 'mongodb';
import type { KeyPart, Range, Table } from '../port.ts';
import { fieldOf, hintOf, isRow, keyFilter, rangeFilter, sortedFields } from './documents.ts';
import type { Question } from './rows.ts';

/** No single question may take longer; what does is given up as `unavailable`. */
export const MAX_READ_MS = 20_000;

/** Questions to the database within one session. */
export class Reader {
  /** `readConcern` for a session that has none of its own. */
  constructor(private readonly db: Db, private readonly session: ClientSession, private readonly readConcern?: ReadConcernLike) {}

  async get(table: Table, key: readonly KeyPart[]): Promise<Document | undefined> {
    const found = await this.db.collection(table.name).findOne(keyFilter(table, key), { session: this.session, hint: hintOf(table, undefined), maxTimeMS: MAX_READ_MS });
    return found && isRow(table, found) ? found : undefined;
  }

  async find(table: Table, question: Question): Promise<Document[]> {
    if (question.limit <= 0) return [];
    const direction = question.reverse ? -1 : 1;
    const sort = Object.fromEntries(sortedFields(table, question.index).map((name) => [fieldOf(table, name), direction] as const));
    return this.db.collection(table.name)
      .find(rangeFilter(table, question), { session: this.session, hint: hintOf(table, question.index), sort, limit: question.limit, batchSize: Math.min(question.limit + 1, 1_000), maxTimeMS: MAX_READ_MS })
      .toArray();
  }

  async count(table: Table, range: Range): Promise<number> {
    const stages = [{ $match: rangeFilter(table, range) }, { $count: 'n' }];
    const [answer] = await this.db.collection(table.name).aggregate<{ n: number }>(stages, { session: this.session, hint: hintOf(table, range.index), maxTimeMS: MAX_READ_MS }).toArray();
    return answer?.n ?? 0;
  }

  /** All rows of these keys, or of these values of a unique index, in one question. */
  async gather(table: Table, index: string | undefined, keys: readonly (readonly KeyPart[])[]): Promise<Document[]> {
    const fields = (index === undefined ? table.key : table.indexes[index]!.fields).map((name) => fieldOf(table, name));
    const groups = new Map<string, { lead: readonly KeyPart[]; last: KeyPart[] }>();
    for (const key of keys) {
      const lead = key.slice(0, -1);
      const name = JSON.stringify(lead);
      const group = groups.get(name) ?? { lead, last: [] };
      group.last.push(key.at(-1)!);
      groups.set(name, group);
    }
    const filters = [...groups.values()].map(({ lead, last }): Document => ({ ...Object.fromEntries(lead.map((part, i) => [fields[i]!, { $eq: part }])), [fields.at(-1)!]: { $in: last } }));
    const filter = filters.length === 1 ? filters[0]! : { $or: filters };
    return this.db.collection(table.name).find(filter, { session: this.session, hint: hintOf(table, index), batchSize: 1_000, maxTimeMS: MAX_READ_MS, ...(this.readConcern && { readConcern: this.readConcern }) }).toArray();
  }
}
