import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { ParleyError } from '@parley/shared/protocol/errors';
import type { Metrics } from './metrics.ts';

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

/** Limits counted in this process. A name that is not in `RATE_LIMITS` is refused where routes are registered. */
export function openRateLimits(metrics: Metrics): RateLimits {
  const limiters = new Map<string, RateLimiterMemory>(
    Object.entries(RATE_LIMITS).map(([name, rule]) => [name, new RateLimiterMemory({ keyPrefix: name, points: rule.points, duration: rule.seconds })]),
  );
  return {
    async take(names, subject) {
      for (const name of names) {
        const key = keyOf(RATE_LIMITS[name as RateLimitName], subject);
        const limiter = limiters.get(name);
        if (key === null || !limiter) continue;
        try {
          await limiter.consume(key);
        } catch (refusal) {
          if (!(refusal instanceof RateLimiterRes)) throw refusal;
          metrics.count('parley_rate_limited_total', 1, { limit: name });
          throw new ParleyError('rate_limited', `more than ${RATE_LIMITS[name as RateLimitName].points} in ${RATE_LIMITS[name as RateLimitName].seconds} s`, { retry_after_ms: Math.max(1, refusal.msBeforeNext) });
        }
      }
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
