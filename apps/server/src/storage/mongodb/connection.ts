import { MongoClient, type Db, type MongoClientOptions } from 'mongodb';

/** Transactions need a replica set (or a router); one `mongod` alone is a replica set of one when it is started as one. */
export class NotReplicaSetError extends Error {
  constructor() {
    super('PARLEY_MONGODB_URL leads to a mongod that is not a member of a replica set, and so has no transactions. Start it with --replSet and run rs.initiate(): a replica set of one member will do.');
    this.name = 'NotReplicaSetError';
  }
}

/** Where the address leads cannot be used; says why without repeating the address, which may hold a password. */
export class MongoUnreachableError extends Error {
  constructor(reason: string) {
    super(`PARLEY_MONGODB_URL: ${reason}`);
    this.name = 'MongoUnreachableError';
  }
}

const DEFAULT_DATABASE = 'parley';

/** What the address does not say otherwise. */
const DEFAULTS = { appName: 'parley', serverSelectionTimeoutMS: 5_000, connectTimeoutMS: 5_000, socketTimeoutMS: 30_000, maxPoolSize: 50 } as const satisfies MongoClientOptions;
/** What the address cannot change: the store relies on it. */
const FIXED = { retryReads: true, retryWrites: true, readPreference: 'primary', ignoreUndefined: true } as const satisfies MongoClientOptions;

export interface MongoConnection {
  client: MongoClient;
  /** The database of the address's path, else `parley`. */
  db: Db;
  close(): Promise<void>;
}

/**
 * Connects to the replica set or router that `PARLEY_MONGODB_URL` names. `database` stands for the one of its path.
 * @throws MongoUnreachableError, NotReplicaSetError
 */
export async function connectMongo(url: string, database?: string): Promise<MongoConnection> {
  let client: MongoClient | undefined;
  try {
    const named = namedIn(url);
    client = new MongoClient(url, { ...Object.fromEntries(Object.entries(DEFAULTS).filter(([name]) => !named.options.has(name.toLowerCase()))), ...FIXED });
    await client.connect();
    const db = client.db(database ?? (named.database || DEFAULT_DATABASE));
    const hello = await db.admin().command({ hello: 1 });
    if (hello['setName'] === undefined && hello['msg'] !== 'isdbgrid') throw new NotReplicaSetError();
    const open = client;
    return { client, db, close: () => open.close() };
  } catch (error) {
    await client?.close();
    if (error instanceof NotReplicaSetError) throw error;
    throw new MongoUnreachableError(withoutSecrets(error instanceof Error ? error.message : String(error), url));
  }
}

/** Several hosts make no URL, so they are left out; what the driver refuses in the rest it says itself. */
function namedIn(url: string): { database: string; options: ReadonlySet<string> } {
  const rest = url.replace(/^mongodb(\+srv)?:\/\/(.*@)?[^/?]*/, 'http://h');
  if (!URL.canParse(rest)) return { database: '', options: new Set() };
  const { pathname, searchParams } = new URL(rest);
  return { database: safeDecode(pathname.slice(1)), options: new Set([...searchParams.keys()].map((name) => name.toLowerCase())) };
}

export function withoutSecrets(text: string, url: string): string {
  const credentials = /^mongodb(?:\+srv)?:\/\/([^/?]*)@/.exec(url)?.[1];
  const password = credentials?.slice(credentials.indexOf(':') + 1);
  const secrets = credentials === undefined || password === undefined ? [url] : [url, credentials, password, safeDecode(password)];
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
