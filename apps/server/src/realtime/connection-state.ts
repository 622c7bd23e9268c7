import type { ClientFrame } from '@parley/shared/protocol/frames';
import { CLOSE } from '@parley/shared/protocol/frames';
import { LIMITS } from '@parley/shared/protocol/limits';
import type * as z from 'zod/mini';
import type { HelloFrame } from '@parley/shared/protocol/frames';
import type { Caller } from '../edge/route.ts';

export type Hello = z.infer<typeof HelloFrame>;
export type Act = Exclude<ClientFrame, Hello>;

/** How long a client has for its `hello`. */
export const HELLO_MS = 5_000;

/** A socket's life. What it follows is no part of it: see `connection.ts`. */
export type ConnectionState =
  /** Open and silent: the client speaks first. */
  | { kind: 'greeting' }
  /** Its token is looked up. Frames that come meanwhile wait. */
  | { kind: 'signing_in'; hello: Hello; early: readonly Act[] }
  /** Signed in; what it follows is read. */
  | { kind: 'opening'; caller: Caller; early: readonly Act[] }
  | { kind: 'open'; caller: Caller; second: number; frames: number }
  | { kind: 'closed'; code: number };

export type ConnectionEvent =
  /** `frame` null: not a frame of the protocol. */
  | { kind: 'message'; bytes: number; frame: ClientFrame | null }
  | { kind: 'hello_missing' }
  | { kind: 'signed_in'; caller: Caller; sockets: number }
  | { kind: 'not_signed_in' }
  | { kind: 'opened' }
  /** Opening or catching up was not possible now. */
  | { kind: 'failed' }
  | { kind: 'revoked' }
  | { kind: 'too_slow' }
  | { kind: 'restarting'; retry_after_ms: number }
  | { kind: 'peer_gone' };

export type ConnectionEffect =
  | { kind: 'sign_in'; token: string | null }
  | { kind: 'open'; caller: Caller; hello: Hello }
  | { kind: 'act'; frame: Act }
  | { kind: 'bye'; code: number; retry_after_ms: number }
  | { kind: 'close'; code: number; reason: string };

export interface Step {
  state: ConnectionState;
  effects: readonly ConnectionEffect[];
}

const NOTHING: readonly ConnectionEffect[] = [];

/** The whole of a connection's rules. Pure; `now` is in milliseconds. */
export function transition(state: ConnectionState, event: ConnectionEvent, now: number): Step {
  if (state.kind === 'closed') return { state, effects: NOTHING };
  switch (event.kind) {
    case 'message':
      return message(state, event.bytes, event.frame, now);
    case 'hello_missing':
      return state.kind === 'greeting' ? close(CLOSE.not_authenticated, 'no hello') : { state, effects: NOTHING };
    case 'signed_in':
      if (state.kind !== 'signing_in') return { state, effects: NOTHING };
      if (event.sockets >= LIMITS.sockets_per_account) return close(CLOSE.too_many, 'too many connections');
      return { state: { kind: 'opening', caller: event.caller, early: state.early }, effects: [{ kind: 'open', caller: event.caller, hello: state.hello }] };
    case 'not_signed_in':
      return close(CLOSE.not_authenticated, 'not authenticated');
    case 'opened':
      if (state.kind !== 'opening') return { state, effects: NOTHING };
      return { state: { kind: 'open', caller: state.caller, second: second(now), frames: state.early.length }, effects: state.early.map((frame) => ({ kind: 'act', frame })) };
    case 'failed':
      return goodbye(CLOSE.restarting, 'unavailable', 1_000);
    case 'revoked':
      return close(CLOSE.revoked, 'session revoked');
    case 'too_slow':
      return close(CLOSE.resync, 'too slow');
    case 'restarting':
      return goodbye(CLOSE.restarting, 'restarting', event.retry_after_ms);
    case 'peer_gone':
      return { state: { kind: 'closed', code: 1006 }, effects: NOTHING };
  }
}

function message(state: Exclude<ConnectionState, { kind: 'closed' }>, bytes: number, frame: ClientFrame | null, now: number): Step {
  if (bytes > (state.kind === 'greeting' ? LIMITS.hello_bytes : LIMITS.frame_bytes)) return close(CLOSE.too_big, 'too big');
  if (!frame) return close(CLOSE.bad_frame, 'bad frame');
  if (state.kind === 'greeting') {
    if (frame.type !== 'hello') return close(CLOSE.bad_frame, 'hello comes first');
    return { state: { kind: 'signing_in', hello: frame, early: [] }, effects: [{ kind: 'sign_in', token: frame.token ?? null }] };
  }
  if (frame.type === 'hello') return close(CLOSE.bad_frame, 'hello comes once');
  if (state.kind !== 'open') {
    if (state.early.length >= LIMITS.frames_per_second) return close(CLOSE.bad_frame, 'too many frames');
    return { state: { ...state, early: [...state.early, frame] }, effects: NOTHING };
  }
  const frames = state.second === second(now) ? state.frames + 1 : 1;
  if (frames > LIMITS.frames_per_second) return close(CLOSE.bad_frame, 'too many frames');
  return { state: { kind: 'open', caller: state.caller, second: second(now), frames }, effects: [{ kind: 'act', frame }] };
}

const second = (now: number): number => Math.floor(now / 1_000);
const close = (code: number, reason: string): Step => ({ state: { kind: 'closed', code }, effects: [{ kind: 'close', code, reason }] });
const goodbye = (code: number, reason: string, retry_after_ms: number): Step => ({
  state: { kind: 'closed', code },
  effects: [{ kind: 'bye', code, retry_after_ms }, { kind: 'close', code, reason }],
});
