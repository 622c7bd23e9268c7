/** Days in a person's zone. Zone offsets are multiples of a quarter of an hour, so one lookup serves that long. */

const QUARTER_MS = 15 * 60_000;

export type DayOf = (at: number) => string;

/** Answers `YYYY-MM-DD` of a moment in `timeZone`; cheap enough to be asked for each of 10,000 rows. */
export function dayMaker(timeZone: string | undefined): DayOf {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  const known = new Map<number, string>();
  return (at) => {
    const quarter = Math.floor(at / QUARTER_MS);
    let day = known.get(quarter);
    if (day === undefined) {
      if (known.size > 20_000) known.clear();
      day = format.format(quarter * QUARTER_MS);
      known.set(quarter, day);
    }
    return day;
  };
}

export type DayName = { kind: 'today' } | { kind: 'yesterday' } | { kind: 'date'; otherYear: boolean };

/** How a day is called on the day `today`, both as `YYYY-MM-DD`. */
export function dayName(day: string, today: string): DayName {
  if (day === today) return { kind: 'today' };
  const yesterday = new Date(Date.parse(`${today}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
  if (day === yesterday) return { kind: 'yesterday' };
  return { kind: 'date', otherYear: day.slice(0, 4) !== today.slice(0, 4) };
}
