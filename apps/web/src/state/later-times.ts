/** Times to come, as the clock on a person's wall shows them. A zone that is left out is the device's own. */

/** `later`: milliseconds from now; else nine o'clock, so many days on, or on the next Monday. */
type Preset = { id: 'minutes' | 'hour' | 'hours'; later: number } | { id: 'tomorrow' | 'week'; nine: 'tomorrow' | 'monday' };
export interface LaterTime { id: Preset['id']; at: number }

const REMINDER: readonly Preset[] = [{ id: 'minutes', later: 20 * 60_000 }, { id: 'hour', later: 3_600_000 }, { id: 'hours', later: 3 * 3_600_000 }, { id: 'tomorrow', nine: 'tomorrow' }, { id: 'week', nine: 'monday' }];
const SCHEDULE: readonly Preset[] = REMINDER.filter(({ id }) => id === 'hour' || id === 'tomorrow' || id === 'week');

/** LST-32: the times that are offered for a reminder. */
export const reminderTimes = (now: number, timeZone?: string): LaterTime[] => REMINDER.map((preset) => ({ id: preset.id, at: timeOf(preset, now, timeZone) }));
/** CMP-14: and those for a message. */
export const scheduleTimes = (now: number, timeZone?: string): LaterTime[] => SCHEDULE.map((preset) => ({ id: preset.id, at: timeOf(preset, now, timeZone) }));

function timeOf(preset: Preset, now: number, timeZone: string | undefined): number {
  if ('later' in preset) return now + preset.later;
  const today = Math.floor(wallAt(now, timeZone) / DAY) * DAY;
  // 1 January 1970 was a Thursday.
  const weekday = (today / DAY + 4) % 7;
  const days = preset.nine === 'tomorrow' ? 1 : (8 - weekday) % 7 || 7;
  return momentOf(today + days * DAY + 9 * 3_600_000, timeZone);
}

const DAY = 86_400_000;
const formats = new Map<string | undefined, Intl.DateTimeFormat>();

/** What the wall clock shows, written as the milliseconds that it would be in UTC. */
export function wallAt(at: number, timeZone?: string): number {
  let format = formats.get(timeZone);
  if (!format) formats.set(timeZone, (format = new Intl.DateTimeFormat('en-US', { timeZone, calendar: 'iso8601', numberingSystem: 'latn', hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' })));
  const parts = new Map(format.formatToParts(at).map((part) => [part.type, Number(part.value)]));
  const of = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
}

/**
 * The moment at which the wall clock shows this. Shown twice, when clocks go back, it is the first; never shown, when they
 * go forward, it is as much later as they went.
 */
export function momentOf(wall: number, timeZone?: string): number {
  const before = wallAt(wall - DAY, timeZone) - (wall - DAY);
  const after = wallAt(wall + DAY, timeZone) - (wall + DAY);
  const found = [wall - before, wall - after].filter((at) => wallAt(at, timeZone) === wall);
  return found.length > 0 ? Math.min(...found) : wall - before;
}

/** For a `datetime-local` field. */
export const toLocalField = (at: number, timeZone?: string): string => new Date(wallAt(at, timeZone)).toISOString().slice(0, 16);

/** NaN for what is no time. */
export function fromLocalField(text: string, timeZone?: string): number {
  const wall = Date.parse(`${text}Z`);
  return Number.isNaN(wall) ? Number.NaN : momentOf(wall, timeZone);
}

/** The zone by its name and what it is ahead of UTC at that moment, such as `Europe/Lisbon, GMT+1`. */
export function zoneName(at: number, locale: string, timeZone?: string): string {
  const format = new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: 'shortOffset' });
  const offset = format.formatToParts(at).find((part) => part.type === 'timeZoneName')?.value ?? '';
  return `${format.resolvedOptions().timeZone.replaceAll('_', ' ')}, ${offset}`;
}
