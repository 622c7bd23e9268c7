/**
 * Outlives whoever started it, for a moment: when its input ends, for whatever reason, it kills the process groups that
 * it was told of and removes the directories. Lines: `group PID`, `directory PATH`, `keep PATH`.
 */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

const groups = new Set();
const directories = new Set();
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const [word, rest] = [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)];
  if (word === 'group') groups.add(Number(rest));
  else if (word === 'ended') groups.delete(Number(rest));
  else if (word === 'directory') directories.add(rest);
  else if (word === 'keep') directories.delete(rest);
});
lines.on('close', () => {
  for (const group of groups) {
    try {
      process.kill(-group, 'SIGKILL');
    } catch (error) {
      // It ended by itself.
      if (error.code !== 'ESRCH') console.error(`reaper: ${group}: ${error.message}`);
    }
  }
  for (const directory of directories) rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
});
