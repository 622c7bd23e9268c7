import { describe, expect, it } from 'vitest';
import { ENGLISH } from '../../i18n/catalogue.ts';
import { makeIntl, translateWith } from '../../i18n/text.tsx';
import { stateTexts } from './connection.ts';

const t = translateWith(makeIntl('en', ENGLISH, 'UTC'));
const at = (connection: Parameters<typeof stateTexts>[0], now: number, offlineBar = false) => stateTexts(connection, now, 'chat.example', offlineBar, t);

describe('OFF state texts', () => {
  it('OFF-1 offline is said after two seconds, explained once a day', () => {
    expect(at({ kind: 'offline', since: 0 }, 1_999, true)).toEqual({ pip: null, bar: null });
    expect(at({ kind: 'offline', since: 0 }, 2_000).pip).toBe('Offline');
    expect(at({ kind: 'offline', since: 0 }, 2_000).bar).toBeNull();
    expect(at({ kind: 'offline', since: 0 }, 2_000, true).bar?.text).toBe('You are offline. Read what is saved here and keep writing: messages go out when the network is back.');
  });
  it('OFF-2 a socket down for two seconds', () => {
    expect(at({ kind: 'connecting', since: 0, attempt: 1 }, 500)).toEqual({ pip: null, bar: null });
    expect(at({ kind: 'connecting', since: 0, attempt: 1 }, 3_000)).toEqual({ pip: 'Reconnecting…', bar: null });
  });
  it('OFF-3 a silent server after fifteen seconds, with the next try', () => {
    expect(at({ kind: 'waiting', since: 0, retryAt: 20_000, reason: 'silent' }, 16_000).bar).toEqual({ text: 'chat.example does not answer. Next try in 4 s. What you write is kept.', tryNow: true });
  });
  it('OFF-4 a restarting server is named at once, then silence', () => {
    expect(at({ kind: 'waiting', since: 0, retryAt: 2_000, reason: 'restarting' }, 100).pip).toBe('The server is restarting…');
    expect(at({ kind: 'waiting', since: 0, retryAt: 18_000, reason: 'restarting' }, 15_000).bar?.tryNow).toBe(true);
  });
  it('OFF-5 catching up over a second', () => {
    expect(at({ kind: 'catching_up', since: 0, channelsLeft: 12 }, 999).pip).toBeNull();
    expect(at({ kind: 'catching_up', since: 0, channelsLeft: 12 }, 1_000).pip).toBe('Catching up: 12 channels left');
  });
  it('OFF-16 open in too many places', () => {
    expect(at({ kind: 'waiting', since: 0, retryAt: 60_000, reason: 'too_many' }, 1).bar?.text).toBe('Parley is open in too many places. Close some, or sign out devices.');
  });
  it('PRN-4 nothing is said when all is well', () => {
    expect(at({ kind: 'live', latencyMs: 12 }, 99_999)).toEqual({ pip: null, bar: null });
  });
});
