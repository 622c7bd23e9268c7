import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { ParleyError } from '@parley/shared/protocol/errors';
import type { Metrics } from './metrics.ts';
import type { RedisLink } from './redis/redis-link.ts';
import { SharedCounter } from './redis/shared-counter.ts';

interface Rule {
  /** What is counted: the account, the peer's address, or a field of the request. */
  per: 'person' | 'address' | 'channel' | 'login';
  points: number;
  seconds: number;
}

/** Every limit by the name that routes give. `person` and `address` hold for all calls: of the signed-in and of the others. */
export const RATE_LIMITS = {
  person: { per: 'person', points: 1_200, seconds: 60 },
  address: { per: 'address', points: 600, seconds: 60 },
  /** Everything that makes something for others to see. */
  write: { per: 'person', points: 300, seconds: 60 },
  send: { per: 'person', points: 60, seconds: 10 },
  channel: { per: 'channel', points: 600, seconds: 10 },
  search: { per: 'person', points: 120, seconds: 60 },
  import: { per: 'person', points: 20, seconds: 3_600 },
  /** Against guessing passwords, invitations and codes: by address, and by the account that is tried. */
  guess: { per: 'address', points: 60, seconds: 60 },
  login: { per: 'login', points: 20, seconds: 300 },
  invite: { per: 'person', points: 100, seconds: 3_600 },
} as const satisfies Record<string, Rule>;
export type RateLimitName = keyof typeof RATE_LIMITS;

export interface RateSubject {
  user_id: string | null;
  address: string;
  input: unknown;
}

export interface RateLimits {
  /** Counts one request against the named limits. @throws ParleyError `rate_limited` with the time to wait. */
  take(names: readonly string[], subject: RateSubject): Promise<void>;
}

export const noRateLimits: RateLimits = { take: () => Promise.resolve() };

/** Counts uses of a key. @throws RateLimiterRes when there are too many */
interface Counter {
  consume(key: string): Promise<unknown>;
}

/**
 * Limits counted in this process, or over all processes when there is a Redis; while that is away or slow, each process
 * counts for itself. A name that is not in `RATE_LIMITS` is refused where routes are registered.
 */
export function openRateLimits(metrics: Metrics, redis: RedisLink | null = null): RateLimits {
  const counters = new Map<string, Counter>(
    Object.entries(RATE_LIMITS).map(([name, rule]) => {
      const own = new RateLimiterMemory({ keyPrefix: name, points: rule.points, duration: rule.seconds });
      return [name, redis === null ? own : new SharedCounter(redis, { name, points: rule.points, seconds: rule.seconds, insurance: own })];
    }),
  );
  const count = async (name: string, subject: RateSubject): Promise<void> => {
    const rule = RATE_LIMITS[name as RateLimitName];
    const key = keyOf(rule, subject);
    const counter = counters.get(name);
    if (key === null || !counter) return;
    try {
      await counter.consume(key);
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      metrics.count('parley_rate_limited_total', 1, { limit: name });
      throw new ParleyError('rate_limited', `more than ${rule.points} in ${rule.seconds} s`, { retry_after_ms: Math.max(1, refusal.msBeforeNext) });
    }
  };
  return {
    async take(names, subject) {
      // Over Redis all are asked at once: one way there and back instead of one each.
      if (redis === null) for (const name of names) await count(name, subject);
      else await Promise.all(names.map((name) => count(name, subject)));
    },
  };
}

function keyOf(rule: Rule, subject: RateSubject): string | null {
  const input = subject.input as { channel_id?: unknown; login?: unknown } | null | undefined;
  switch (rule.per) {
    case 'person': return subject.user_id;
    case 'address': return networkOf(subject.address);
    case 'channel': return typeof input?.channel_id === 'string' ? input.channel_id : null;
    case 'login': return typeof input?.login === 'string' ? input.login.trim().toLowerCase() : null;
  }
}

/** One customer of an IPv6 network holds 2^64 addresses: they count as one. */
export function networkOf(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address;
  const [head = '', tail = ''] = address.split('::');
  const left = head ? head.split(':') : [];
  const right = tail ? tail.split(':') : [];
  const middle = address.includes('::') ? new Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0') : [];
  return [...left, ...middle, ...right].slice(0, 4).join(':');
}
