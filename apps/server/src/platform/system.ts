import { randomFillSync } from 'node:crypto';
import type { Clock } from '@parley/shared/domain/clock';
import type { Random } from '@parley/shared/domain/random';

/** What Node's timers take at most. */
const LONGEST_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(ms, task) {
    let timer: NodeJS.Timeout;
    const arm = (left: number) => {
      timer = left > LONGEST_MS ? setTimeout(() => arm(left - LONGEST_MS), LONGEST_MS) : setTimeout(task, left);
    };
    arm(Math.max(0, ms));
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Cryptographic bytes. Small requests are served from a pool, which saves a call into the system each. */
export const systemRandom: Random = (() => {
  const pool = new Uint8Array(4_096);
  let used = pool.length;
  return {
    bytes(length) {
      if (length > 256) return randomFillSync(new Uint8Array(length));
      if (used + length > pool.length) {
        randomFillSync(pool);
        used = 0;
      }
      const bytes = pool.slice(used, used + length);
      pool.fill(0, used, used + length);
      used += length;
      return bytes;
    },
  };
})();
