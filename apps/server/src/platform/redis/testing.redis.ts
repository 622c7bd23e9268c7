import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';

const PROVISION = fileURLToPath(new URL('../../../../../.tmp/provision.json', import.meta.url));

/** The redis-server that `npm run provision` found; null: the suite is skipped with a word, under `CI=true` it fails. */
export function redisServer(): string | null {
  const found = existsSync(PROVISION) ? (JSON.parse(readFileSync(PROVISION, 'utf8')) as { redis?: string | null }).redis : null;
  if (found) return found;
  if (process.env['CI'] === 'true') throw new Error('redis-server is needed for these tests: run `npm run provision`');
  console.warn('SKIPPED: no redis-server; run `npm run provision`');
  return null;
}

/** A redis-server of a test's own, in a directory of its own, which ends with the test's process. */
export class TestRedis {
  #child: ChildProcess | null = null;

  private constructor(private readonly binary: string, private readonly directory: string, readonly port: number, private readonly settings: readonly string[]) {}

  /** `settings` are further arguments, such as `--maxmemory 8mb`; `persist` keeps an append-only file that each write is synced to. */
  static async start(options: { settings?: readonly string[]; persist?: boolean } = {}): Promise<TestRedis> {
    const binary = redisServer();
    if (binary === null) throw new Error('no redis-server');
    const redis = new TestRedis(binary, mkdtempSync(join(tmpdir(), 'parley-redis-')), await freePort(), [...(options.persist ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no']), ...(options.settings ?? [])]);
    await redis.run();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it again after `kill`, with what it had kept on disk; `empty` without. */
  async run(empty = false): Promise<void> {
    if (empty) rmSync(this.directory, { recursive: true, force: true });
    mkdirSync(this.directory, { recursive: true });
    this.#child = spawn(this.binary, ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.directory, '--save', '', ...this.settings], { stdio: 'ignore' });
    process.once('exit', this.#atExit);
    await this.#answers();
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** One command from outside. */
  async command(...parts: [string, ...string[]]): Promise<unknown> {
    const client = new Redis(this.url);
    try {
      return await client.call(...parts);
    } finally {
      client.disconnect();
    }
  }

  async stop(): Promise<void> {
    await this.kill();
    process.off('exit', this.#atExit);
    rmSync(this.directory, { recursive: true, force: true });
  }

  readonly #atExit = (): void => void this.#child?.kill('SIGKILL');

  async #answers(): Promise<void> {
    const client = new Redis(this.url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
    client.on('error', () => undefined); // Not there yet; tried again.
    try {
      await client.ping();
    } finally {
      client.disconnect();
    }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => probe.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
