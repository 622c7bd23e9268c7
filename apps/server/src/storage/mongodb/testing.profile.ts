import type { Db, Document, MongoClient } from 'mongodb';
import type { Table } from '../port.ts';
import { fieldOf } from './documents.ts';

/** One kind of question that the store asked, and the worst of those that were asked of its kind. */
export interface ProfiledShape {
  collection: string;
  op: string;
  /** Its fields, in order. */
  fields: string[];
  /** Fields and operators of the filter, without values. */
  filter: string;
  plan: string;
  /** Its filter names one shard, or several by their keys. */
  routed: boolean;
  count: number;
  /** Most documents looked at beyond those that were wanted. */
  wasted: number;
  keys: number;
  example: string;
}

const PROFILE_BYTES = 64 * 1024 * 1024;
/** Not what was written. */
const WANTED = Object.fromEntries(['ts', 'ns', 'op', 'appName', 'planSummary', 'docsExamined', 'keysExamined', 'nreturned', 'nMatched', 'ndeleted', ...['find', 'filter', 'aggregate', 'pipeline', 'q', 'findAndModify', 'query', 'count', 'distinct'].map((name) => `command.${name}`)].map((name) => [name, 1]));

/** Has the server write down every operation on this database. */
export async function startProfile(client: MongoClient, database: string): Promise<void> {
  const db = client.db(database);
  await db.command({ profile: 0 });
  await db.dropCollection('system.profile').catch(() => undefined);
  await db.createCollection('system.profile', { capped: true, size: PROFILE_BYTES });
  await db.command({ profile: 2 });
}

/** Operations on these tables by clients that call themselves `parley`, by their shape. */
export class Profile {
  readonly shapes = new Map<string, ProfiledShape>();
  private since = new Date(0);
  private readonly tables: ReadonlyMap<string, Table>;

  constructor(private readonly db: Db, tables: readonly Table[]) {
    this.tables = new Map(tables.map((table) => [table.name, table]));
  }

  /** Reads what has come since; the profile forgets what it has no room for, so this is called now and then. */
  async read(): Promise<void> {
    const until = this.since;
    // Backwards, so that what has been read is not read again.
    const newest = this.db.collection('system.profile').find({}, { projection: WANTED, sort: { $natural: -1 }, batchSize: 1_000 });
    for await (const entry of newest) {
      const at = entry['ts'] as Date;
      if (at < until) break;
      if (at > this.since) this.since = at;
      // Those of the very millisecond may be read twice, which changes no shape.
      if (entry['appName'] === 'parley') this.add(entry);
    }
  }

  private add(entry: Document): void {
    const table = this.tables.get(String(entry['ns']).slice(this.db.databaseName.length + 1));
    const filter = filterOf(entry);
    if (!table || table.shard === null || filter === undefined) return;
    const shape: ProfiledShape = {
      collection: table.name, op: String(entry['op']), fields: Object.keys(filter).filter((name) => !name.startsWith('$')).sort(), filter: skeleton(filter), plan: String(entry['planSummary'] ?? ''),
      routed: isRouted(filter, fieldOf(table, table.shard)), count: 1,
      wasted: Math.max(0, Number(entry['docsExamined'] ?? 0) - Number(entry['nreturned'] ?? entry['nMatched'] ?? entry['ndeleted'] ?? 0)),
      keys: Number(entry['keysExamined'] ?? 0), example: JSON.stringify(filter).slice(0, 300),
    };
    const name = `${shape.collection} ${shape.op} ${shape.filter} ${shape.plan}`;
    const known = this.shapes.get(name);
    if (!known) this.shapes.set(name, shape);
    else Object.assign(known, { count: known.count + 1, wasted: Math.max(known.wasted, shape.wasted), keys: Math.max(known.keys, shape.keys) });
  }
}

/** What an operation chooses documents by; undefined for those that choose none (inserts, further pages, index builds). */
function filterOf(entry: Document): Document | undefined {
  const command = (entry['command'] ?? {}) as Document;
  if (entry['op'] === 'getmore' || entry['op'] === 'insert') return undefined;
  if (entry['op'] === 'update' || entry['op'] === 'remove') return command['q'] as Document;
  if (command['find'] !== undefined) return (command['filter'] ?? {}) as Document;
  if (command['aggregate'] !== undefined) return ((command['pipeline'] as Document[])[0]?.['$match'] ?? {}) as Document;
  if (command['findAndModify'] !== undefined) return (command['query'] ?? {}) as Document;
  if (command['count'] !== undefined || command['distinct'] !== undefined) return (command['query'] ?? {}) as Document;
  return undefined;
}

/** Equal to the shard key, or one of some, in itself or in every alternative. */
export function isRouted(filter: Document, field: string): boolean {
  const condition = filter[field] as unknown;
  if (condition !== undefined && (typeof condition !== 'object' || condition === null || '$eq' in condition || '$in' in condition)) return true;
  if (Array.isArray(filter['$and']) && (filter['$and'] as Document[]).some((part) => isRouted(part, field))) return true;
  return Array.isArray(filter['$or']) && (filter['$or'] as Document[]).length > 0 && (filter['$or'] as Document[]).every((part) => isRouted(part, field));
}

function skeleton(value: unknown): string {
  if (Array.isArray(value)) {
    const parts = [...new Set(value.map(skeleton))];
    return `[${parts.join(',')}]`;
  }
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return '·';
  return `{${Object.entries(value).map(([name, part]) => (name === '$in' ? '$in' : `${name}:${skeleton(part)}`)).join(' ')}}`;
}
