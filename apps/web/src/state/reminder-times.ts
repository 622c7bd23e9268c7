/** LTR-1: the times that are offered, in the person's own clock. */
export const REMINDER_TIMES = [
  { id: 'hour', at: (now: Date): Date => new Date(now.getTime() + 3_600_000) },
  { id: 'tomorrow', at: (now: Date): Date => atNine(now, 1) },
  { id: 'week', at: (now: Date): Date => atNine(now, ((8 - now.getDay()) % 7) || 7) },
] as const;

/** Nine o'clock so many days on; a day is a day of the calendar, also over a clock change. */
function atNine(now: Date, days: number): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, 9);
}

/** For a `datetime-local` field. */
export function toLocalField(time: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}T${two(time.getHours())}:${two(time.getMinutes())}`;
}
