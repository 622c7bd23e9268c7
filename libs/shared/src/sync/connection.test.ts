import { describe, expect, it } from 'vitest';
import { backoff, SILENCE_MS, transition, type ConnectionEvent, type ConnectionState } from './connection.ts';

const run = (events: [at: number, event: ConnectionEvent][], from: ConnectionState = { kind: 'stopped' }) =>
  events.reduce(({ state }, [at, event]) => transition(state, event, at), { state: from, effects: [] } as ReturnType<typeof transition>);
const open: ConnectionState = { kind: 'open', since: 0, heartbeatMs: 5_000, heardAt: 0, pingedAt: null, latencyMs: null, attempt: 3 };
const kinds = (step: ReturnType<typeof transition>) => step.effects.map((e) => e.kind);
const closed = (code: number, fraction = 0): ConnectionEvent => ({ kind: 'closed', code, fraction });

describe('connection', () => {
  it('CON1 opens at once and greets first', () => {
    expect(kinds(run([[0, { kind: 'start' }]]))).toEqual(['open', 'timer']);
    expect(kinds(run([[0, { kind: 'start' }], [1, { kind: 'opened' }]]))).toEqual(['hello']);
  });
  it('CON2 doubles its waits up to 30 s, each between half and all of it', () => {
    for (let attempt = 0; attempt < 20; attempt++) {
      const full = Math.min(30_000, 500 * 2 ** attempt);
      expect(backoff(attempt, 0)).toBe(full / 2);
      expect(backoff(attempt, 0.999999)).toBeLessThanOrEqual(full);
    }
  });
  it('CON3 starts its back-off over only after an answered ping', () => {
    const welcome = transition({ kind: 'connecting', since: 0, attempt: 5 }, { kind: 'welcome', heartbeatMs: 5_000 }, 1).state;
    expect(transition(welcome, closed(1006), 2).state).toMatchObject({ kind: 'waiting', attempt: 6 });
    const pinged = transition(welcome, { kind: 'timer', fraction: 0 }, 5_001).state;
    expect(transition(pinged, { kind: 'heard', pong: 5_001 }, 5_040).state).toMatchObject({ attempt: 0, latencyMs: 39 });
  });
  it('CON4 gives a silent socket up after 15 s', () => {
    expect(transition(open, { kind: 'timer', fraction: 0 }, 5_000).state.kind).toBe('open');
    const step = transition(open, { kind: 'timer', fraction: 0 }, SILENCE_MS);
    expect(step.state).toMatchObject({ kind: 'waiting', reason: 'silent' });
    expect(kinds(step)).toContain('close');
  });
  it('CON5 waits out a restart as bye asks', () => {
    expect(transition(open, { kind: 'bye', code: 1012, retryAfterMs: 3_000 }, 10).state).toMatchObject({ kind: 'waiting', reason: 'restarting', retryAt: 3_010 });
    expect(transition(open, { kind: 'bye', code: 1012, retryAfterMs: 9e9 }, 10).state).toMatchObject({ retryAt: 60_010 });
    expect(transition(open, closed(1012), 10).state).toMatchObject({ kind: 'waiting', reason: 'restarting' });
  });
  it('CON6 is signed out by 4003, for good', () => {
    const step = transition(open, closed(4003), 7);
    expect(step).toMatchObject({ state: { kind: 'signed_out', reason: 'revoked', at: 7 }, effects: [{ kind: 'forget_session' }] });
    for (const event of [{ kind: 'wake' }, { kind: 'timer', fraction: 0 }, { kind: 'network', online: true }, { kind: 'opened' }] as ConnectionEvent[]) expect(transition(step.state, event, 9).state).toBe(step.state);
  });
  it('CON7 asks a call whether a 4001 means the session', () => {
    const step = transition(open, closed(4001), 0);
    expect(step.state.kind).toBe('waiting');
    expect(kinds(step)).toContain('check_session');
  });
  it('CON8 comes back at once after 4008, and late after 4009', () => {
    expect(kinds(transition(open, closed(4008), 0))).toContain('open');
    expect(transition(open, closed(4009), 0).state).toMatchObject({ kind: 'waiting', reason: 'too_many', retryAt: 30_000 });
  });
  it('CON9 tries nothing offline, and at once when woken', () => {
    const offline = transition(open, { kind: 'network', online: false }, 5);
    expect(offline).toMatchObject({ state: { kind: 'offline', since: 5 }, effects: [{ kind: 'close' }] });
    expect(transition(offline.state, { kind: 'timer', fraction: 0 }, 99).effects).toEqual([]);
    expect(kinds(transition(offline.state, { kind: 'wake' }, 9))).toContain('open');
    expect(kinds(transition({ kind: 'waiting', since: 0, attempt: 4, retryAt: 1e9, reason: 'silent' }, { kind: 'wake' }, 9))).toContain('open');
  });
});
