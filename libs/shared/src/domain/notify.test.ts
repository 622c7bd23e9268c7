import { describe, expect, it } from 'vitest';
import { decide, type NotifyColumn, type NotifyDevice, type NotifyEvent } from './notify.ts';

const ME = 'me';
/** A Monday, 12:00 UTC. */
const NOW = Date.parse('2025-06-02T12:00:00Z');
const HERE: NotifyDevice = { here: true, activeAt: NOW, inFront: false, looking: false };
const from = (change: Partial<NotifyEvent>): NotifyEvent => ({ kind: 'message', by: 'other', at: NOW, ...change });
const COLUMNS = ['mentions', 'all', 'nothing', 'muted'] as const;
const setting = (column: NotifyColumn) => (column === 'muted' ? { level: 'all' as const, muted: true } : { level: column, muted: false });
const KEYWORDS = { notify_keywords: ['harbour'] };

/** U unread, N number, T the Threads number, I inbox, t toast (with its sound), p push. */
const said = (d: ReturnType<typeof decide>): string => [d.unread && 'U', d.number === 'channel' && 'N', d.number === 'threads' && 'T', d.inbox && 'I', d.toast && 't', d.push && 'p'].filter(Boolean).join('') || '–';

/** UI.md's table, written out: mentions, all, nothing, muted. */
const TABLE: [string, NotifyEvent, { following: boolean } | null, [string, string, string, string]][] = [
  ['message in a channel', from({}), null, ['U', 'Ut', 'U', '–']],
  ['names me or my group', from({ named: true }), null, ['UNItp', 'UNItp', 'UNI', 'NI']],
  ['@channel', from({ everyone: 'channel' }), null, ['UNItp', 'UNItp', 'UI', '–']],
  ['@here while I am online', from({ everyone: 'here' }), null, ['UNItp', 'UNItp', 'UI', '–']],
  ['one of my keywords', from({ text: 'To the Harbour!' }), null, ['UNItp', 'UNItp', 'UI', 'I']],
  ['message in a DM or group DM', from({ direct: true }), null, ['UNItp', 'UNItp', 'UNI', '–']],
  ['reply, thread followed', from({ reply: 'thread' }), { following: true }, ['TItp', 'TItp', 'TI', 'TI']],
  ['reply, not followed, not named', from({ reply: 'thread' }), { following: false }, ['–', '–', '–', '–']],
  ['broadcast reply, thread followed', from({ reply: 'broadcast' }), { following: true }, ['UTItp', 'UTItp', 'U', '–']],
  ['broadcast reply, not followed', from({ reply: 'broadcast' }), null, ['U', 'Ut', 'U', '–']],
  ['reaction to me', from({ kind: 'reaction' }), null, ['I', 'I', 'I', '–']],
  ['edit that newly names me', from({ kind: 'edit', named: true, writtenAt: NOW - 300_000 }), null, ['NI', 'NI', 'NI', 'I']],
  ['such an edit after 5 minutes', from({ kind: 'edit', named: true, writtenAt: NOW - 300_001 }), null, ['–', '–', '–', '–']],
  ['reminder due', from({ kind: 'reminder', by: ME }), null, ['NItp', 'NItp', 'NItp', 'NItp']],
  ['scheduled send failed', from({ kind: 'send_failed', by: ME }), null, ['NItp', 'NItp', 'NItp', 'NItp']],
  ['invitation', from({ kind: 'invitation' }), null, ['NItp', 'NItp', 'NItp', 'NItp']],
  ['joins, leaves, renames, imports', from({ kind: 'system' }), null, ['–', '–', '–', '–']],
  ["a bot's “send quietly”", from({ quiet: true, bot: true }), null, ['U', 'U', '–', '–']],
  ["a person's “send quietly”", from({ quiet: true, named: true }), null, ['–', '–', '–', '–']],
];

describe('NTF-1 the table', () => {
  for (const [name, event, thread, cells] of TABLE) {
    it.each(COLUMNS.map((column, i) => [column, cells[i]!] as const))(`NTF-1 ${name}, %s: %s`, (column, expected) => {
      const decision = decide(event, ME, setting(column), thread, KEYWORDS, NOW, [HERE]);
      expect(said(decision)).toBe(expected);
      expect(decision.sound).toBe(decision.toast);
      expect(decision.why.length).toBeGreaterThan(0);
    });
  }

  it('NTF-1 @here while I am offline is a message like others', () => {
    const decision = decide(from({ everyone: 'here' }), ME, setting('mentions'), null, {}, NOW, [{ ...HERE, activeAt: NOW - 600_000 }]);
    expect([said(decision), decision.why.map((one) => one.rule)]).toEqual(['U', ['here_offline', 'row_message']]);
  });
  it('NTF-1 rows that fit together add up', () => {
    expect(said(decide(from({ reply: 'thread', named: true }), ME, setting('muted'), { following: true }, {}, NOW, []))).toBe('NI');
    expect(said(decide(from({ direct: true, named: true }), ME, setting('muted'), null, {}, NOW, []))).toBe('NI');
    expect(said(decide(from({ reply: 'thread', named: true }), ME, setting('mentions'), null, {}, NOW, []))).toBe('UNItp');
  });
  it('NTF-1 a channel at its default takes the level of the preferences', () => {
    const at = (level: unknown) => said(decide(from({}), ME, { level: 'default', muted: false }, null, { notify_level: level }, NOW, []));
    expect([at(undefined), at('all'), at('nothing'), at('what'), at(7)]).toEqual(['U', 'Ut', 'U', 'U', 'U']);
  });
  it('NTF-1 reactions toast only by preference', () => {
    const at = (column: NotifyColumn) => said(decide(from({ kind: 'reaction' }), ME, setting(column), null, { notify_reactions: true }, NOW, []));
    expect(COLUMNS.map(at)).toEqual(['It', 'It', 'I', '–']);
  });
});

const loud = from({ named: true });
const why = (d: ReturnType<typeof decide>) => d.why.map((one) => one.rule);

describe('NTF-2 to NTF-5 what takes away', () => {
  it("NTF-2 one's own, the ignored, and what one cannot see are nothing", () => {
    const own = decide({ ...loud, by: ME }, ME, setting('all'), null, {}, NOW, []);
    const ignored = decide(loud, ME, setting('all'), null, { ignored_people: ['other'] }, NOW, []);
    const unseen = decide(loud, ME, null, null, {}, NOW, []);
    expect([own, ignored, unseen].map((d) => [said(d), why(d)])).toEqual([['–', ['own']], ['–', ['ignored']], ['–', ['no_access']]]);
  });
  it('NTF-3 do not disturb takes toast, sound and push, and says until when', () => {
    const until = new Date(NOW + 3_600_000).toISOString();
    const decision = decide(loud, ME, setting('mentions'), null, { dnd_until: until }, NOW, []);
    expect([said(decision), decision.sound, decision.why.at(-1)]).toEqual(['UNI', false, { rule: 'dnd', until: NOW + 3_600_000 }]);
    expect(said(decide(loud, ME, setting('mentions'), null, { dnd_until: until }, NOW + 3_600_000, []))).toBe('UNItp');
    expect(said(decide({ ...loud, anyway: true }, ME, setting('mentions'), null, { dnd_until: until }, NOW, []))).toBe('UNItp');
    expect(said(decide(from({ kind: 'reminder', by: ME }), ME, setting('mentions'), null, { dnd_until: until }, NOW, []))).toBe('NI');
  });
  it('NTF-3 a schedule goes over midnight, in its own zone, on its days', () => {
    const dnd_schedule = { from: '22:00', to: '07:00', days: [1], time_zone: 'Europe/Berlin' };
    const at = (iso: string) => decide(loud, ME, setting('mentions'), null, { dnd_schedule }, Date.parse(iso), []).why.find((one) => one.rule === 'dnd')?.until;
    expect(at('2025-06-02T19:59:00Z')).toBeUndefined();
    expect(at('2025-06-02T20:00:00Z')).toBe(Date.parse('2025-06-03T05:00:00Z'));
    expect(at('2025-06-03T04:59:30Z')).toBe(Date.parse('2025-06-03T05:00:00Z'));
    expect(at('2025-06-03T05:00:00Z')).toBeUndefined();
    expect(at('2025-06-03T20:00:00Z')).toBeUndefined();
  });
  it('NTF-3 each day of the week may have hours of its own', () => {
    const dnd_schedule = [{ from: '22:00', to: '07:00', days: [1, 2], time_zone: 'UTC' }, { from: '12:00', to: '13:00', days: [2], time_zone: 'UTC' }, { nonsense: 1 }];
    const at = (iso: string) => decide(loud, ME, setting('mentions'), null, { dnd_schedule }, Date.parse(iso), []).why.find((one) => one.rule === 'dnd')?.until;
    expect([at('2025-06-02T23:00:00Z'), at('2025-06-03T12:30:00Z'), at('2025-06-03T14:00:00Z'), at('2025-06-04T12:30:00Z')]).toEqual([Date.parse('2025-06-03T07:00:00Z'), Date.parse('2025-06-03T13:00:00Z'), undefined, undefined]);
  });
  it('NTF-3 in the night of a change of clocks it ends when the wall says so', () => {
    const dnd_schedule = { from: '22:00', to: '07:00', time_zone: 'Europe/Berlin' };
    const at = (iso: string) => decide(loud, ME, setting('mentions'), null, { dnd_schedule }, Date.parse(iso), []).why.find((one) => one.rule === 'dnd')?.until;
    expect(at('2025-03-29T22:00:00Z')).toBe(Date.parse('2025-03-30T05:00:00Z'));
    expect(at('2025-10-25T21:00:00Z')).toBe(Date.parse('2025-10-26T06:00:00Z'));
  });
  it.each([[null], ['22'], [{ from: '25:00', to: '07:00', time_zone: 'UTC' }], [{ from: '00:00', to: '23:59', time_zone: 'Mars/Olympus' }], [{ from: '00:00', to: '23:59', days: [], time_zone: 'UTC' }]])('NTF-3 a schedule such as %j is none', (dnd_schedule) => {
    expect(said(decide(loud, ME, setting('mentions'), null, { dnd_schedule }, NOW, []))).toBe('UNItp');
  });
  it('NTF-4 looking at it shows nothing; in front but elsewhere by preference', () => {
    const front = { ...HERE, inFront: true };
    const at = (event: NotifyEvent, device: NotifyDevice, notify_in_front?: string) => { const d = decide(event, ME, setting('all'), null, { notify_in_front }, NOW, [device]); return [d.toast, d.sound]; };
    expect(at(loud, { ...front, looking: true })).toEqual([false, false]);
    expect(at(from({ direct: true }), front)).toEqual([true, true]);
    expect(at(from({}), front)).toEqual([false, false]);
    expect(at(from({}), front, 'all')).toEqual([true, true]);
    expect(at(from({ direct: true }), front, 'none')).toEqual([false, false]);
    // Somebody who left the screen on is not looking.
    expect(at(loud, { ...front, looking: true, activeAt: NOW - 600_000 })).toEqual([true, true]);
  });
  it('NTF-5 active elsewhere waits 30 s; push only when no device is active', () => {
    const other: NotifyDevice = { here: false, activeAt: NOW - 119_999, inFront: true, looking: false };
    const decision = decide(loud, ME, setting('mentions'), null, {}, NOW, [HERE, other]);
    expect([decision.toast, decision.toastAfterMs, decision.push, why(decision)]).toEqual([true, 30_000, false, ['row_named', 'row_message', 'active_elsewhere', 'device_active']]);
    for (const idle of [{ ...other, activeAt: NOW - 600_000 }, { ...other, locked: true }]) {
      const waits = decide(loud, ME, setting('mentions'), null, { notify_push_after: 120 }, NOW, [idle]);
      expect([waits.toastAfterMs, waits.push, waits.pushAfterMs]).toEqual([0, true, 120_000]);
    }
  });
  it('NTF-10 a silent toast says why', () => {
    const decision = decide(loud, ME, setting('mentions'), null, { notify_sound: false }, NOW, []);
    expect([decision.toast, decision.sound, why(decision).at(-1)]).toEqual([true, false, 'sound_off']);
  });
});
