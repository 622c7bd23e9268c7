import { describe, expect, it } from 'vitest';
import { transition, type ConnectionEvent, type ConnectionState } from './connection-state.ts';

const hello = { type: 'hello' as const, token: 't', cursors: {} };
const ping = { type: 'ping' as const, t: 1 };
const caller = { user_id: 'u', device_id: 'd', server_role: 'member' as const };
const message = (frame: ConnectionEvent & { kind: 'message' } extends { frame: infer F } ? F : never, bytes = 10): ConnectionEvent => ({ kind: 'message', bytes, frame });
const codeOf = (step: { effects: readonly { kind: string; code?: number }[] }) => step.effects.find((e) => e.kind === 'close')?.code;

const states: Record<string, ConnectionState> = {
  greeting: { kind: 'greeting' },
  signing_in: { kind: 'signing_in', hello, early: [] },
  opening: { kind: 'opening', caller, early: [] },
  open: { kind: 'open', caller, second: 0, frames: 0 },
};

describe('connection', () => {
  it('hello within 5 s: missing, the socket closes with 4001; later the timer means nothing', () => {
    expect(codeOf(transition(states['greeting']!, { kind: 'hello_missing' }, 0))).toBe(4001);
    expect(transition(states['open']!, { kind: 'hello_missing' }, 0)).toEqual({ state: states['open'], effects: [] });
  });

  it('the client speaks first, with hello and once', () => {
    expect(transition(states['greeting']!, message(hello), 0).effects).toEqual([{ kind: 'sign_in', token: 't' }]);
    expect(codeOf(transition(states['greeting']!, message(ping), 0))).toBe(4002);
    for (const name of ['signing_in', 'opening', 'open']) expect(codeOf(transition(states[name]!, message(hello), 0))).toBe(4002);
  });

  it('frames before welcome wait and are acted on in order once open', () => {
    let step = transition(states['signing_in']!, message(ping), 0);
    step = transition(step.state, { kind: 'signed_in', caller, sockets: 0 }, 0);
    expect(step.effects.map((e) => e.kind)).toEqual(['open']);
    step = transition(step.state, message({ ...ping, t: 2 }), 0);
    step = transition(step.state, { kind: 'opened' }, 0);
    expect(step.effects).toEqual([{ kind: 'act', frame: ping }, { kind: 'act', frame: { ...ping, t: 2 } }]);
  });

  it('no token or a wrong one: 4001', () => {
    expect(codeOf(transition(states['signing_in']!, { kind: 'not_signed_in' }, 0))).toBe(4001);
  });

  it('50 sockets an account: the next closes with 4009', () => {
    expect(transition(states['signing_in']!, { kind: 'signed_in', caller, sockets: 49 }, 0).state.kind).toBe('opening');
    expect(codeOf(transition(states['signing_in']!, { kind: 'signed_in', caller, sockets: 50 }, 0))).toBe(4009);
  });

  it('bad frames close with 4002 in every state', () => {
    for (const state of Object.values(states)) expect(codeOf(transition(state, message(null), 0))).toBe(4002);
  });

  it('frames over 64 KiB close with 1009, a hello may have 1 MiB', () => {
    expect(codeOf(transition(states['open']!, message(ping, 65_537), 0))).toBe(1009);
    expect(codeOf(transition(states['greeting']!, message(hello, 1_048_576), 0))).toBeUndefined();
    expect(codeOf(transition(states['greeting']!, message(hello, 1_048_577), 0))).toBe(1009);
  });

  it('50 frames a second: the 51st closes with 4002, the next second begins anew', () => {
    let state = states['open']!;
    for (let i = 0; i < 50; i++) state = transition(state, message(ping), 5_000).state;
    expect(codeOf(transition(state, message(ping), 5_999))).toBe(4002);
    expect(codeOf(transition(state, message(ping), 6_000))).toBeUndefined();
  });

  it('revoked 4003, too slow 4008, restarting bye and 1012', () => {
    expect(codeOf(transition(states['open']!, { kind: 'revoked' }, 0))).toBe(4003);
    expect(codeOf(transition(states['open']!, { kind: 'too_slow' }, 0))).toBe(4008);
    expect(transition(states['greeting']!, { kind: 'restarting', retry_after_ms: 700 }, 0).effects).toEqual([
      { kind: 'bye', code: 1012, retry_after_ms: 700 },
      { kind: 'close', code: 1012, reason: 'restarting' },
    ]);
  });

  it('nothing happens once closed', () => {
    const closed: ConnectionState = { kind: 'closed', code: 1006 };
    const events: ConnectionEvent[] = [message(ping), message(null), { kind: 'opened' }, { kind: 'revoked' }, { kind: 'signed_in', caller, sockets: 0 }, { kind: 'peer_gone' }];
    for (const event of events) expect(transition(closed, event, 0)).toEqual({ state: closed, effects: [] });
  });
});
