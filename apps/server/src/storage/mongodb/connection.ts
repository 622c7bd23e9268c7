import { MongoClient, type Db } from 'mongodb';

/** Transactions need a replica set (or a router); one `mongod` alone is a replica set of one when it is started as one. */
export class NotReplicaSetError extends Error {
  constructor() {
    super('PARLEY_MONGODB_URL leads to a mongod that is not a member of a replica set, and so has no transactions. Start it with --replSet and run rs.initiate(): a replica set of one member will do.');
    this.name = 'NotReplicaSetError';
  }
}

/** Where the address leads cannot be used; says why without repeating the address, which may hold a password. */
export class MongodbUnreachableError extends Error {
  constructor(reason: string) {
    super(`PARLEY_MONGODB_URL: ${reason}`);
    this.name = 'MongodbUnreachableError';
  }
}

const DEFAULT_DATABASE = 'parley';

export interface Connected {
  client: MongoClient;
  db: Db;
}

/** @throws MongodbUnreachableError, NotReplicaSetError */
export async function connect(url: string, database?: string): Promise<Connected> {
  let client: MongoClient | undefined;
  try {
    client = new MongoClient(url, { appName: 'parley', serverSelectionTimeoutMS: 5_000, connectTimeoutMS: 5_000, socketTimeoutMS: 30_000, maxPoolSize: 50, retryReads: true, readPreference: 'primary', ignoreUndefined: true });
    await client.connect();
    const named = new URL(url.replace(/^mongodb(\+srv)?:\/\/(.*@)?[^/?]*/, 'http://h')).pathname.slice(1);
    const db = client.db(database ?? (named || DEFAULT_DATABASE));
    const hello = await db.admin().command({ hello: 1 });
    if (hello['setName'] === undefined && hello['msg'] !== 'isdbgrid') throw new NotReplicaSetError();
    return { client, db };
  } catch (error) {
    await client?.close();
    if (error instanceof NotReplicaSetError) throw error;
    throw new MongodbUnreachableError(withoutSecrets(error instanceof Error ? error.message : String(error), url));
  }
}

export function withoutSecrets(text: string, url: string): string {
  const credentials = /^mongodb(?:\+srv)?:\/\/([^/?]*)@/.exec(url)?.[1];
  const secrets = credentials === undefined ? [url] : [url, credentials, credentials.slice(credentials.indexOf(':') + 1), safeDecode(credentials.slice(credentials.indexOf(':') + 1))];
  return secrets.filter((secret) => secret.length > 0).reduce((clean, secret) => clean.replaceAll(secret, '…'), text);
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // An address that is no valid one has no decoded form to hide.
    return text;
  }
}
