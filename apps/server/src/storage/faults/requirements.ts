import { spawnSync } from 'node:child_process';

/** Whether a command works here; on a person's machine what needs it is skipped with a word, under `CI=true` it fails. */
export function available(what: string, command: string, args: string[]): boolean {
  const works = spawnSync(command, args, { stdio: 'ignore' }).status === 0;
  if (works) return true;
  if (process.env['CI'] === 'true') throw new Error(`${what} is needed for these tests and does not work here: ${command} ${args.join(' ')}`);
  console.warn(`SKIPPED: ${what} does not work here (${command} ${args.join(' ')})`);
  return false;
}

export const hasStrace = (): boolean => available('strace', 'strace', ['-o', '/dev/null', '-e', 'trace=fdatasync', 'true']);
