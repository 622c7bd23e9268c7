import { hash, verify } from '@node-rs/argon2';
import { ParleyError } from '@parley/shared/protocol/errors';
import type { PasswordHasher } from './deps.ts';

/** 19 MiB, two passes: OWASP's choice for argon2id, which is the library's default algorithm. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
/** Hashes at once: they share the thread pool with the file system. */
const LANES = 2;
/** Waiting beyond this is refused, so that a flood of sign-ins holds no memory. */
const MAX_WAITING = 200;

/** argon2id in the thread pool, a few at a time. */
export function argon2Passwords(): PasswordHasher {
  let running = 0;
  const waiting: (() => void)[] = [];
  const decoy = hash('nobody has this password', COST);

  async function inLane<T>(work: () => Promise<T>): Promise<T> {
    if (running >= LANES) {
      if (waiting.length >= MAX_WAITING) throw new ParleyError('unavailable', 'too many sign-ins at once', { retry_after_ms: 2_000 });
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    running++;
    try {
      return await work();
    } finally {
      running--;
      waiting.shift()?.();
    }
  }

  return {
    hash: (password) => inLane(() => hash(password, COST)),
    verify: (known, password) => inLane(async () => {
      const right = await verify(known ?? (await decoy), password);
      return known !== null && right;
    }),
  };
}
