import type { Db, Document } from 'mongodb';
import { leases, type LeaseRow } from '../tables.ts';
import type { MongoConnection } from './connection.ts';
import { fromDocument } from './documents.ts';

/** How this process calls itself to the database, so that it does not take itself for another. */
export const TOOL_NAME = 'parley-tool';

/** The address under this name, whatever name it gives. */
export function asTool(url: string): string {
  const [base = url, query = ''] = url.split('?', 2);
  const rest = query.split('&').filter((part) => part !== '' && !/^appname=/i.test(part));
  const named = `?${[...rest, `appName=${TOOL_NAME}`].join('&')}`;
  return /^[^/]+:\/\/[^/]+$/.test(base) ? `${base}/${named}` : base + named;
}

/**
 * Who else works on this database, in plain words: connections of other Parley processes as the server lists them, and
 * leases that have not ended. An account that may not list connections sees its own, which are those of the other
 * processes of the same settings.
 */
export async function othersIn({ client, db }: Pick<MongoConnection, 'client' | 'db'>): Promise<string[]> {
  const seen = new Set<string>();
  for (const connection of await connections(client.db('admin'))) {
    const { appName, client } = connection as { appName?: string; client?: string };
    if (appName === 'parley') seen.add(`a Parley process at ${String(client).replace(/:\d+$/, '')} is connected`);
  }
  const { localTime } = await db.admin().command({ hello: 1 });
  const now = (localTime as Date).getTime() * 1000;
  for (const document of await db.collection(leases.name).find({}, { readConcern: { level: 'majority' } }).toArray()) {
    const lease = fromDocument(leases as never, document) as LeaseRow;
    if (lease.until > now) seen.add(`the lease ${lease.name} is held until ${new Date(lease.until / 1000).toISOString()}`);
  }
  return [...seen];
}

async function connections(admin: Db): Promise<Document[]> {
  const ask = (allUsers: boolean): Promise<Document[]> => admin.aggregate([{ $currentOp: { allUsers, idleConnections: true } }, { $project: { appName: 1, client: 1 } }]).toArray();
  try {
    return await ask(true);
  } catch {
    return ask(false);
  }
}
