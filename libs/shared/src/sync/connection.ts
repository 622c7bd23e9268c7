import { CLOSE } from '../protocol/frames.ts';
import type { ConnectionView } from './api.ts';

/**
 * The connection as a discriminated union and one pure function over it (SPEC CON). The engine runs the effects and feeds
 * the events; nothing here reads a clock or touches a socket. `fraction` in events is randomness from outside, in [0, 1).
 */
export type ConnectionState =
  | { kind: 'stopped' }
  | { kind: 'offline'; since: number }
  | { kind: 'connecting'; since: number; attempt: number }
  | { kind: 'waiting'; since: number; attempt: number; retryAt: number; reason: WaitReason }
  | { kind: 'open'; since: number; heartbeatMs: number; heardAt: number; pingedAt: number | null; latencyMs: number | null; attempt: number }
  | { kind: 'signed_out'; at: number; reason: SignedOutReason };

export type WaitReason = 'silent' | 'restarting' | 'too_many';
export type SignedOutReason = 'revoked' | 'expired' | 'signed_out';

export type ConnectionEvent =
  | { kind: 'start' }
  | { kind: 'stop' }
  | { kind: 'network'; online: boolean }
  /** The person asks to try now, or the machine woke. */
  | { kind: 'wake' }
  | { kind: 'opened' }
  | { kind: 'welcome'; heartbeatMs: number }
  /** Any frame; `pong` with the `t` of its ping. */
  | { kind: 'heard'; pong?: number }
  | { kind: 'bye'; code: number; retryAfterMs: number }
  | { kind: 'closed'; code: number; fraction: number }
  | { kind: 'timer'; fraction: number }
  /** A call was answered 401, or the person signed out. */
  | { kind: 'signed_out'; reason: SignedOutReason };

export type ConnectionEffect =
  | { kind: 'open' }
  | { kind: 'close' }
  | { kind: 'hello' }
  | { kind: 'ping'; t: number }
  /** Replaces the timer that is set. */
  | { kind: 'timer'; ms: number }
  /** A socket was not let in: a call tells whether the session has ended, or only the greeting came too late. */
  | { kind: 'check_session' }
  | { kind: 'forget_session'; reason: SignedOutReason };

export const SILENCE_MS = 15_000;
export const CONNECT_TIMEOUT_MS = 15_000;
export const BACKOFF_FIRST_MS = 500;
export const BACKOFF_MAX_MS = 30_000;
export const TOO_MANY_MS = 30_000;
/** `bye` may ask for more than this; nobody waits longer on a server's word. */
const RETRY_AFTER_MAX_MS = 60_000;

type Step = { state: ConnectionState; effects: ConnectionEffect[] };

/** Exponential, and at least half of it, so that a thousand clients do not come back at once. */
export function backoff(attempt: number, fraction: number): number {
  const full = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(attempt, 16));
  return Math.round(full / 2 + (full / 2) * fraction);
}

const stay = (state: ConnectionState): Step => ({ state, effects: [] });
const connect = (now: number, attempt: number): Step => ({ state: { kind: 'connecting', since: now, attempt }, effects: [{ kind: 'open' }, { kind: 'timer', ms: CONNECT_TIMEOUT_MS }] });
const wait = (now: number, attempt: number, ms: number, reason: WaitReason, close: boolean): Step => ({
  state: { kind: 'waiting', since: now, attempt, retryAt: now + ms, reason },
  effects: [...(close ? [{ kind: 'close' } as const] : []), { kind: 'timer', ms }],
});

export function transition(state: ConnectionState, event: ConnectionEvent, now: number): Step {
  const socket = state.kind === 'connecting' || state.kind === 'open';
  switch (event.kind) {
    case 'start':
      return state.kind === 'stopped' ? connect(now, 0) : stay(state);
    case 'stop':
      // Who was signed out stays so: it is what the person must still be told.
      if (state.kind === 'signed_out') return stay(state);
      return { state: { kind: 'stopped' }, effects: socket ? [{ kind: 'close' }] : [] };
    case 'signed_out':
      if (state.kind === 'signed_out') return stay(state);
      return { state: { kind: 'signed_out', at: now, reason: event.reason }, effects: [...(socket ? [{ kind: 'close' } as const] : []), { kind: 'forget_session', reason: event.reason }] };
    case 'network':
      if (state.kind === 'stopped' || state.kind === 'signed_out') return stay(state);
      if (event.online) return state.kind === 'offline' ? connect(now, 0) : stay(state);
      return state.kind === 'offline' ? stay(state) : { state: { kind: 'offline', since: now }, effects: socket ? [{ kind: 'close' }] : [] };
    case 'wake':
      if (state.kind === 'waiting' || state.kind === 'offline') return connect(now, 0);
      // A socket may have died in the machine's sleep: a ping tells within the silence limit.
      return state.kind === 'open' ? { state: { ...state, pingedAt: now }, effects: [{ kind: 'ping', t: now }] } : stay(state);
    case 'opened':
      return state.kind === 'connecting' ? { state, effects: [{ kind: 'hello' }] } : stay(state);
    case 'welcome': {
      if (state.kind !== 'connecting') return stay(state);
      const heartbeatMs = Math.max(1_000, Math.min(event.heartbeatMs, 8_000));
      return { state: { kind: 'open', since: now, heartbeatMs, heardAt: now, pingedAt: null, latencyMs: null, attempt: state.attempt }, effects: [{ kind: 'timer', ms: heartbeatMs }] };
    }
    case 'heard':
      if (state.kind !== 'open') return stay(state);
      // One answered ping is what proves the connection good; only then does back-off start over.
      if (event.pong !== undefined && event.pong === state.pingedAt) return stay({ ...state, heardAt: now, pingedAt: null, latencyMs: Math.max(0, now - event.pong), attempt: 0 });
      return stay({ ...state, heardAt: now });
    case 'bye':
      if (!socket) return stay(state);
      if (event.code === CLOSE.revoked) return transition(state, { kind: 'signed_out', reason: 'revoked' }, now);
      if (event.code === CLOSE.not_authenticated) {
        const step = wait(now, state.attempt + 1, Math.max(1_000, event.retryAfterMs), 'silent', true);
        return { ...step, effects: [...step.effects, { kind: 'check_session' }] };
      }
      if (event.code === CLOSE.resync) return { state: { kind: 'connecting', since: now, attempt: state.attempt }, effects: [{ kind: 'close' }, { kind: 'open' }, { kind: 'timer', ms: CONNECT_TIMEOUT_MS }] };
      return wait(now, state.attempt + 1, Math.min(event.retryAfterMs, RETRY_AFTER_MAX_MS), event.code === CLOSE.too_many ? 'too_many' : 'restarting', true);
    case 'closed':
      if (!socket) return stay(state);
      switch (event.code) {
        case CLOSE.revoked:
          return { state: { kind: 'signed_out', at: now, reason: 'revoked' }, effects: [{ kind: 'forget_session', reason: 'revoked' }] };
        case CLOSE.not_authenticated: {
          const step = wait(now, state.attempt + 1, backoff(state.attempt + 1, event.fraction), 'silent', false);
          return { ...step, effects: [...step.effects, { kind: 'check_session' }] };
        }
        case CLOSE.resync:
          return state.kind === 'open' ? connect(now, state.attempt) : wait(now, state.attempt + 1, backoff(state.attempt, event.fraction), 'silent', false);
        case CLOSE.too_many:
          return wait(now, state.attempt + 1, Math.round(TOO_MANY_MS * (1 + event.fraction)), 'too_many', false);
        case CLOSE.restarting:
          return wait(now, state.attempt + 1, backoff(state.attempt + 1, event.fraction), 'restarting', false);
        default:
          return wait(now, state.attempt + 1, backoff(state.attempt, event.fraction), 'silent', false);
      }
    case 'timer':
      switch (state.kind) {
        case 'waiting':
          return now >= state.retryAt ? connect(now, state.attempt) : { state, effects: [{ kind: 'timer', ms: state.retryAt - now }] };
        case 'connecting':
          return wait(now, state.attempt + 1, backoff(state.attempt, event.fraction), 'silent', true);
        case 'open': {
          if (now - state.heardAt >= SILENCE_MS) return wait(now, state.attempt + 1, backoff(state.attempt, event.fraction), 'silent', true);
          const untilSilent = state.heardAt + SILENCE_MS - now;
          return { state: { ...state, pingedAt: state.pingedAt ?? now }, effects: [{ kind: 'ping', t: state.pingedAt ?? now }, { kind: 'timer', ms: Math.min(state.heartbeatMs, untilSilent) }] };
        }
        default:
          return stay(state);
      }
  }
}

/** What a person is told; `behind` is null once everything asked for has been caught up with. */
export function viewOf(state: ConnectionState, behind: number | null): ConnectionView {
  switch (state.kind) {
    case 'stopped': return { kind: 'starting' };
    case 'offline': return { kind: 'offline', since: state.since };
    case 'connecting': return { kind: 'connecting', since: state.since, attempt: state.attempt };
    case 'waiting': return { kind: 'waiting', since: state.since, retryAt: state.retryAt, reason: state.reason };
    case 'open': return behind === null ? { kind: 'live', latencyMs: state.latencyMs } : { kind: 'catching_up', since: state.since, channelsLeft: behind };
    case 'signed_out': return { kind: 'signed_out', at: state.at, reason: state.reason };
  }
}
