import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MongoClient } from 'mongodb';

const PROVISIONED = fileURLToPath(new URL('../../../../../.tmp/provision.json', import.meta.url));

/** `PARLEY_MONGOD`, then what `npm run provision` found, then PATH. */
function mongodFile(): string | undefined {
  const provisioned = existsSync(PROVISIONED) ? (JSON.parse(readFileSync(PROVISIONED, 'utf8')) as { mongod?: string | null }).mongod : undefined;
  return [process.env['PARLEY_MONGOD'], provisioned, 'mongod'].find((file) => file && spawnSync(file, ['--version'], { stdio: 'ignore' }).status === 0) ?? undefined;
}

/** On a person's machine what needs one is skipped with a word, under `CI=true` it fails. */
export function hasMongod(): boolean {
  if (mongodFile() !== undefined) return true;
  if (process.env['CI'] === 'true') throw new Error('mongod is needed for these tests: run `npm run provision`, or set PARLEY_MONGOD');
  console.warn('SKIPPED: there is no mongod here (run `npm run provision`, or set PARLEY_MONGOD)');
  return false;
}

export interface Mongod {
  /** Its address without a database. */
  address: string;
  url(database: string): string;
  admin: MongoClient;
  stop(): Promise<void>;
}

/** A mongod of its own on a free port with its data in a temporary directory: a replica set of one, or `alone`. */
export async function startMongod(options: { alone?: boolean } = {}): Promise<Mongod> {
  const directory = mkdtempSync(join(tmpdir(), 'parley-mongod-'));
  const port = await freePort();
  const args = ['--dbpath', directory, '--port', String(port), '--bind_ip', '127.0.0.1', '--wiredTigerCacheSizeGB', '0.25', '--setParameter', 'enableTestCommands=1', '--setParameter', 'diagnosticDataCollectionEnabled=false', '--quiet', ...(options.alone ? [] : ['--replSet', 'rs0'])];
  const child = spawn(mongodFile()!, args, { stdio: 'ignore' });
  const address = `mongodb://127.0.0.1:${port}/?directConnection=true`;
  const admin = new MongoClient(address, { serverSelectionTimeoutMS: 30_000 });
  const stop = async (): Promise<void> => {
    await admin.close();
    await ended(child);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await admin.connect();
    if (!options.alone) await becomePrimary(admin, port);
  } catch (error) {
    await stop();
    throw error;
  }
  return { address, url: (database) => `mongodb://127.0.0.1:${port}/${database}?directConnection=true`, admin, stop };
}

async function becomePrimary(admin: MongoClient, port: number): Promise<void> {
  await admin.db('admin').command({ replSetInitiate: { _id: 'rs0', members: [{ _id: 0, host: `127.0.0.1:${port}` }] } });
  const deadline = performance.now() + 30_000;
  while ((await admin.db('admin').command({ hello: 1 }))['isWritablePrimary'] !== true) {
    if (performance.now() > deadline) throw new Error('the replica set of one elected nobody');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exit;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
