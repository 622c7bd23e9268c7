import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** Runs `store.child.ts`, under `strace` with these options if any, and answers what it told. */
export async function runChild(plan: string, file: string, strace: string[] = []): Promise<Record<string, never>[]> {
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const node = [process.execPath, '--import', loader, new URL('./store.child.ts', import.meta.url).pathname, plan, file];
  const command = strace.length > 0 ? ['strace', '-f', '--seccomp-bpf', ...strace, ...node] : node;
  const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const end = await new Promise<string | number | null>((resolve, reject) => child.on('error', reject).on('close', (code, signal) => resolve(signal ?? code)));
  if (end !== 'SIGKILL') throw new Error(`the process ended with ${end}: ${errors.slice(-2_000)}`);
  return out.trim().split('\n').map((line) => JSON.parse(line) as Record<string, never>);
}
