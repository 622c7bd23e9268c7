import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';

/**
 * Lowers the calling thread's claim on the processor against the threads that answer people. Linux schedules threads one
 * by one, and takes a thread's id where a process's is asked for; elsewhere nothing changes, since it would be the whole
 * process that steps back.
 */
export function stepBack(nice: number): void {
  if (process.platform !== 'linux') return;
  // `PID/task/TID` of whoever reads it.
  const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
  if (thread !== process.pid) setPriority(thread, nice);
}
