import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { until, untilFound } from './until.ts';

const REAPER = fileURLToPath(new URL('./reaper.ts', import.meta.url));

/** Starts a process that has a child, which has one as well, and a directory; then stops answering, or anything. */
const SCRIPT = `
const { startReaper } = await import(${JSON.stringify(REAPER)});
const { spawn } = await import('node:child_process');
const reaper = startReaper();
reaper.removeLater(process.argv[1]);
const child = spawn('sh', ['-c', 'trap "" TERM INT; sleep 600 & echo $! > "$0/grandchild"; wait', process.argv[1]], { stdio: 'ignore', detached: true });
reaper.watch(child.pid);
process.stdout.write(String(child.pid) + '\\n');
setInterval(() => {}, 1_000);
`;

const lives = (pid: number): boolean => {
  try {
    // A process that ended and was not waited for is still there by name.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

it.runIf(process.platform === 'linux')('nothing of a cluster outlives whoever started it, even when that is killed', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'parley-reaper-'));
  const starter = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', SCRIPT, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const child = Number(await new Promise<string>((resolve) => starter.stdout.once('data', (line: Buffer) => resolve(String(line)))));
  const grandchild = await untilFound(async () => (existsSync(join(directory, 'grandchild')) ? Number(readFileSync(join(directory, 'grandchild'), 'utf8')) || undefined : undefined), { ms: 10_000, what: () => 'the grandchild tells its number' });
  expect([lives(child), lives(grandchild)]).toEqual([true, true]);
  // Not even a stopped one stays.
  process.kill(-child, 'SIGSTOP');
  starter.kill('SIGKILL');
  await until(() => !lives(child) && !lives(grandchild) && !existsSync(directory), { ms: 10_000, what: () => 'all is gone' });
});
