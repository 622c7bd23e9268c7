import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { API_PREFIX } from '@parley/shared/protocol/version';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const START_MS = 40_000;

export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  /** Resolves when the process has ended. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** What it wrote on stderr so far. */
  log(): string;
  kill(signal: NodeJS.Signals): void;
}

/** Runs `parley serve` from the sources as a process of its own on a free port, and waits until it listens. */
export async function startServerProcess(data: string, env: Record<string, string> = {}): Promise<ServerProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, 'serve', '--json', '--data', data], {
    cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PARLEY_PORT: '0', PARLEY_RATE_LIMITS: 'off', PARLEY_LOG_LEVEL: 'warn', ...env },
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-20_000)));
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  const url = await listening(child, ended, () => stderr);
  return { url, pid: child.pid!, ended, log: () => stderr, kill: (signal) => void child.kill(signal) };
}

function listening(child: ChildProcess, ended: Promise<unknown>, log: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    let stdout = '';
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the server did not start in time: ${log()}`));
    }, START_MS);
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      const end = stdout.indexOf('\n');
      if (end < 0) return;
      const { url } = JSON.parse(stdout.slice(0, end)) as { url?: string };
      // Otherwise it tells a problem, and ends.
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url);
    });
    void ended.then(() => {
      clearTimeout(timer);
      reject(new Error(`the server ended: ${stdout} ${log()}`));
    });
  });
}

export interface HttpAnswer<T> {
  status: number;
  body: T;
}

/** One call over HTTP. Rejects when the connection breaks. */
export async function callServer<T>(url: string, method: 'GET' | 'POST', path: string, options: { token?: string; body?: unknown; query?: Record<string, string> } = {}): Promise<HttpAnswer<T>> {
  const query = options.query ? `?${new URLSearchParams(options.query)}` : '';
  const response = await fetch(`${url}${API_PREFIX}/${path}${query}`, {
    method,
    headers: { ...(options.token ? { authorization: `Bearer ${options.token}` } : {}), ...(options.body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text ? JSON.parse(text) : undefined) as T };
}
