import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { neededCommand } from './commands.ts';
import type { PartPlan } from './part.ts';
import { until } from './until.ts';

const SET = 'rs0';

/** One member of a replica set on the loopback address. */
export function mongodPlan(options: { name: string; directory: string; logFile: string; port: number }): PartPlan {
  const { directory, port, logFile, name } = options;
  const data = join(directory, name);
  mkdirSync(data, { recursive: true });
  return {
    name, command: neededCommand('mongod'), logFile, stopSignal: 'SIGTERM',
    args: ['--dbpath', data, '--port', String(port), '--bind_ip', '127.0.0.1', '--replSet', SET, '--wiredTigerCacheSizeGB', '0.25', '--setParameter', 'enableTestCommands=1', '--setParameter', 'diagnosticDataCollectionEnabled=false', '--quiet'],
    ready: () => withMember(port, async (client) => (await client.db('admin').command({ ping: 1 }))['ok'] === 1).catch(() => false),
  };
}

/** Talks to one member alone, whatever its state. */
export async function withMember<T>(port: number, work: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, { serverSelectionTimeoutMS: 2_000 });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** Makes the members one set, unless they are one already, and waits until one of them takes writes. */
export async function initiateSet(ports: readonly number[]): Promise<void> {
  await withMember(ports[0]!, async (client) => {
    try {
      await client.db('admin').command({
        replSetInitiate: { _id: SET, members: ports.map((port, _id) => ({ _id, host: `127.0.0.1:${port}`, priority: _id === 0 ? 2 : 1 })), settings: { electionTimeoutMillis: 2_000, heartbeatIntervalMillis: 500 } },
      });
    } catch (error) {
      if (!(error instanceof Error && 'codeName' in error && error.codeName === 'AlreadyInitialized')) throw error;
    }
  });
  await until(async () => (await primaryPort(ports)) !== null, { ms: 30_000, what: () => 'the replica set has a primary' });
}

/** The port of the member that takes writes; null while there is none. */
export async function primaryPort(ports: readonly number[]): Promise<number | null> {
  for (const port of ports) {
    const primary = await withMember(port, async (client) => (await client.db('admin').command({ hello: 1 }))['isWritablePrimary'] === true).catch(() => false);
    if (primary) return port;
  }
  return null;
}

/** `mongodb://…` of the set. One member is spoken to directly, so that a proxy may stand before it. */
export function mongodbUrl(ports: readonly number[], database = 'parley'): string {
  const hosts = ports.map((port) => `127.0.0.1:${port}`).join(',');
  return ports.length === 1 ? `mongodb://${hosts}/${database}?directConnection=true` : `mongodb://${hosts}/${database}?replicaSet=${SET}`;
}
