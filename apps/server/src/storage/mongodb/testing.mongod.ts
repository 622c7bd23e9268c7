import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MongoClient, type Document } from 'mongodb';

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
  pid: number;
  stop(): Promise<void>;
}

export interface MongodOptions {
  alone?: boolean;
  cacheGigabytes?: number;
  /** Where its data goes, kept at the end; otherwise a temporary directory of its own. */
  directory?: string;
  /** What an earlier one used, to come back as that. */
  port?: number;
}

const common = (directory: string, port: number, cacheGigabytes = 0.25): string[] => ['--dbpath', directory, '--port', String(port), '--bind_ip', '127.0.0.1', '--wiredTigerCacheSizeGB', String(cacheGigabytes), '--setParameter', 'enableTestCommands=1', '--setParameter', 'diagnosticDataCollectionEnabled=false', '--quiet'];

/** It ends with this process, however that ends: the shell that watches both is not this process's to lose. */
function spawnMongod(args: readonly string[]): ChildProcess {
  const child = spawn(mongodFile()!, args, { stdio: 'ignore' });
  const watch = spawn('sh', ['-c', `while kill -0 ${process.pid} 2>/dev/null && kill -0 ${child.pid} 2>/dev/null; do sleep 1; done; kill -9 ${child.pid} 2>/dev/null`], { stdio: 'ignore', detached: true });
  watch.unref();
  child.once('exit', () => void watch.kill('SIGKILL'));
  return child;
}

/** A mongod of its own on a free port with its data in a temporary directory: a replica set of one, or `alone`. */
export async function startMongod(options: MongodOptions = {}): Promise<Mongod> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'parley-mongod-'));
  mkdirSync(directory, { recursive: true });
  const port = options.port ?? (await freePort());
  const child = spawnMongod([...common(directory, port, options.cacheGigabytes), ...(options.alone ? [] : ['--replSet', 'rs0'])]);
  const address = `mongodb://127.0.0.1:${port}/?directConnection=true`;
  const admin = new MongoClient(address, { serverSelectionTimeoutMS: 30_000 });
  const stop = async (): Promise<void> => {
    await admin.close();
    await ended(child);
    if (options.directory === undefined) rmSync(directory, { recursive: true, force: true });
  };
  try {
    await admin.connect();
    if (!options.alone) {
      if (options.port === undefined) await admin.db('admin').command({ replSetInitiate: { _id: 'rs0', members: [{ _id: 0, host: `127.0.0.1:${port}` }] } });
      await until(async () => (await admin.db('admin').command({ hello: 1 }))['isWritablePrimary'] === true, 'the replica set of one elected nobody');
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { address, url: (database) => `mongodb://127.0.0.1:${port}/${database}?directConnection=true`, admin, pid: child.pid!, stop };
}

export interface ReplicaSet {
  /** Names all members. */
  url(database: string): string;
  /** The address of who is primary now; waits for one. */
  primary(): Promise<string>;
  /** The primary steps down and is not chosen again for a while. */
  stepDown(): Promise<void>;
  kill(address: string): Promise<void>;
  /** Starts a killed member again, with its data. */
  revive(address: string): void;
  addresses: readonly string[];
  stop(): Promise<void>;
}

/** Three members that notice within about a second when the primary is gone. */
export async function startReplicaSet(): Promise<ReplicaSet> {
  const directory = mkdtempSync(join(tmpdir(), 'parley-mongod-'));
  const ports = [await freePort(), await freePort(), await freePort()];
  const addresses = ports.map((port) => `127.0.0.1:${port}`);
  const children = new Map<string, ChildProcess>();
  const start = (address: string): void => {
    const port = Number(address.split(':')[1]);
    mkdirSync(join(directory, String(port)), { recursive: true });
    children.set(address, spawnMongod([...common(join(directory, String(port)), port), '--replSet', 'rs0']));
  };
  const ask = async (address: string, command: Document): Promise<Document> => {
    const client = new MongoClient(`mongodb://${address}/?directConnection=true`, { serverSelectionTimeoutMS: 20_000 });
    try {
      return await client.db('admin').command(command);
    } finally {
      await client.close();
    }
  };
  const primary = async (): Promise<string> => {
    let found: string | undefined;
    await until(async () => {
      for (const [address, child] of children) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        if ((await ask(address, { hello: 1 }))['isWritablePrimary'] === true) found = address;
      }
      return found !== undefined;
    }, 'the replica set elected nobody');
    return found!;
  };
  const stop = async (): Promise<void> => {
    await Promise.all([...children.values()].map(async (child) => ended(child)));
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    for (const address of addresses) start(address);
    await ask(addresses[0]!, { replSetInitiate: { _id: 'rs0', members: addresses.map((host, _id) => ({ _id, host })), settings: { electionTimeoutMillis: 1_000, heartbeatIntervalMillis: 200 } } });
    await primary();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    addresses, primary, stop,
    url: (database) => `mongodb://${addresses.join()}/${database}?replicaSet=rs0`,
    stepDown: async () => void (await ask(await primary(), { replSetStepDown: 10, secondaryCatchUpPeriodSecs: 5 })),
    kill: async (address) => ended(children.get(address)!),
    revive: start,
  };
}

async function until(condition: () => Promise<boolean>, problem: string): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(problem);
    await new Promise((resolve) => setTimeout(resolve, 20));
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
