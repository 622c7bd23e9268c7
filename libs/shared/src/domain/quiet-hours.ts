/** The hours without disturbance, in minutes of the day of a zone; `to` before `from` is on the next day. */
export interface QuietHours {
  from: number;
  to: number;
  /** Days of the week on which it begins; 0 is Sunday. */
  days: readonly number[];
  timeZone: string;
}

const DAY = 1_440;
const WEEK = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** When do not disturb ends, in milliseconds; null while it is off. By hand and by schedule the later end counts. */
export function quietUntil(dnd: { until: number | null; schedule: readonly QuietHours[] }, now: number): number | null {
  const byHand = dnd.until !== null && dnd.until > now ? dnd.until : null;
  const ends = [byHand, ...dnd.schedule.map((hours) => scheduledEnd(hours, now))].filter((end) => end !== null);
  return ends.length === 0 ? null : Math.max(...ends);
}

function scheduledEnd({ from, to, days, timeZone }: QuietHours, now: number): number | null {
  const { day, minute } = wallClock(now, timeZone);
  const length = (to - from + DAY) % DAY;
  // It began today, or yesterday and went over midnight.
  for (const back of [0, 1]) {
    const gone = minute + back * DAY - from;
    if (gone < 0 || gone >= length || !days.includes((day - back + 7) % 7)) continue;
    return endAt(Math.floor(now / 60_000) * 60_000 + (length - gone) * 60_000, to, timeZone);
  }
  return null;
}

/** A change of the clocks in between moves the end: the hour on the wall counts. */
function endAt(guess: number, to: number, timeZone: string): number {
  const off = ((wallClock(guess, timeZone).minute - to + DAY * 1.5) % DAY) - DAY / 2;
  return guess - off * 60_000;
}

function wallClock(at: number, timeZone: string): { day: number; minute: number } {
  const parts = new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).formatToParts(at);
  const of = (type: string): string => parts.find((part) => part.type === type)?.value ?? '';
  return { day: WEEK.indexOf(of('weekday')), minute: Number(of('hour')) * 60 + Number(of('minute')) };
}
