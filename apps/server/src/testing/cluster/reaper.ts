import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Sees to it that processes and directories go when this process does, even by SIGKILL. */
export interface Reaper {
  /** The process group that began with this process. */
  watch(pid: number): void;
  /** It has ended; its number may be another's from now on. */
  ended(pid: number): void;
  removeLater(directory: string): void;
  /** Kills and removes what is left. */
  close(): Promise<void>;
}

export function startReaper(): Reaper {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./reaper.child.mjs', import.meta.url))], { stdio: ['pipe', 'ignore', 'inherit'], detached: true });
  const ended = once(child, 'exit');
  const say = (word: string, value: string | number): void => void child.stdin.write(`${word} ${value}\n`);
  return {
    watch: (pid) => say('group', pid),
    ended: (pid) => say('ended', pid),
    removeLater: (directory) => say('directory', directory),
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
