import { describe, expect, it } from 'vitest';
import { fromLocalField, momentOf, reminderTimes, scheduleTimes, toLocalField, wallAt, zoneName } from './later-times.ts';

const at = (iso: string): number => Date.parse(iso);
const iso = (ms: number): string => new Date(ms).toISOString();
const nine = (now: string, zone: string): string[] => scheduleTimes(at(now), zone).filter(({ id }) => id !== 'hour').map((time) => iso(time.at));

describe('I18-4 times to come', () => {
  it('I18-4 nine o\'clock is that of the zone', () => {
    // Wednesday.
    expect(nine('2026-11-25T12:00:00Z', 'Europe/Lisbon')).toEqual(['2026-11-26T09:00:00.000Z', '2026-11-30T09:00:00.000Z']);
    expect(nine('2026-11-25T12:00:00Z', 'Asia/Kolkata')).toEqual(['2026-11-26T03:30:00.000Z', '2026-11-30T03:30:00.000Z']);
    expect(nine('2026-11-25T12:00:00Z', 'Pacific/Chatham')).toEqual(['2026-11-26T19:15:00.000Z', '2026-11-29T19:15:00.000Z']);
  });

  it('I18-4 it is nine o\'clock on the other side of a clock change too', () => {
    // Lisbon goes forward on Sunday 29 March 2026 and back on Sunday 25 October; Chatham back on 5 April and forward on 27 September.
    expect(nine('2026-03-28T12:00:00Z', 'Europe/Lisbon')).toEqual(['2026-03-29T08:00:00.000Z', '2026-03-30T08:00:00.000Z']);
    expect(nine('2026-10-24T12:00:00Z', 'Europe/Lisbon')).toEqual(['2026-10-25T09:00:00.000Z', '2026-10-26T09:00:00.000Z']);
    expect(nine('2026-04-03T20:00:00Z', 'Pacific/Chatham')).toEqual(['2026-04-04T20:15:00.000Z', '2026-04-05T20:15:00.000Z']);
    expect(nine('2026-09-25T20:00:00Z', 'Pacific/Chatham')).toEqual(['2026-09-26T19:15:00.000Z', '2026-09-27T19:15:00.000Z']);
  });

  it('I18-4 the day is that of the zone, and Monday is never today', () => {
    // Sunday evening in Lisbon is Monday in Chatham.
    expect(nine('2026-11-29T20:00:00Z', 'Europe/Lisbon')).toEqual(['2026-11-30T09:00:00.000Z', '2026-11-30T09:00:00.000Z']);
    expect(nine('2026-11-29T20:00:00Z', 'Pacific/Chatham')).toEqual(['2026-11-30T19:15:00.000Z', '2026-12-06T19:15:00.000Z']);
  });

  it('I18-4 an hour that is skipped is later, and one that comes twice is the first', () => {
    expect(iso(fromLocalField('2026-03-29T01:30', 'Europe/Lisbon'))).toBe('2026-03-29T01:30:00.000Z');
    expect(toLocalField(fromLocalField('2026-03-29T01:30', 'Europe/Lisbon'), 'Europe/Lisbon')).toBe('2026-03-29T02:30');
    expect(iso(fromLocalField('2026-10-25T01:30', 'Europe/Lisbon'))).toBe('2026-10-25T00:30:00.000Z');
    expect(iso(fromLocalField('2026-04-05T03:00', 'Pacific/Chatham'))).toBe('2026-04-04T13:15:00.000Z');
  });

  it('I18-4 a field shows what was chosen, all year round', () => {
    for (const zone of ['Europe/Lisbon', 'Asia/Kolkata', 'Pacific/Chatham', undefined]) {
      for (let day = 0; day < 366; day += 1) {
        const moment = Date.UTC(2026, 0, 1 + day, 17, 45);
        expect(momentOf(wallAt(moment, zone), zone)).toBe(moment);
        expect(fromLocalField(toLocalField(moment, zone), zone)).toBe(moment);
      }
    }
    expect(fromLocalField('', 'Asia/Kolkata')).toBeNaN();
  });

  it('LST-32 reminders come in 20 minutes, in one and three hours, tomorrow and on Monday', () => {
    expect(reminderTimes(0, 'UTC').map(({ id, at: time }) => [id, time / 3_600_000])).toEqual([['minutes', 1 / 3], ['hour', 1], ['hours', 3], ['tomorrow', 33], ['week', 105]]);
  });

  it('CMP-14 the zone is named with what it is ahead at that time', () => {
    expect(zoneName(at('2026-07-01T00:00:00Z'), 'en', 'Europe/Lisbon')).toBe('Europe/Lisbon, GMT+1');
    expect(zoneName(at('2026-12-01T00:00:00Z'), 'en', 'Europe/Lisbon')).toMatch(/^Europe\/Lisbon, GMT(\+0)?$/);
    expect(zoneName(at('2026-12-01T00:00:00Z'), 'en', 'Asia/Kolkata')).toMatch(/^Asia\/(Kolkata|Calcutta), GMT\+5:30$/);
  });
});
