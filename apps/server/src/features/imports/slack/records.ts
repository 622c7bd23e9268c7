/** Reading values of an archive, which may be anything: what has not the expected form is undefined. */
export type Json = Record<string, unknown>;

export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
export const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
export const idsOf = (value: unknown): string[] => listOf(value).filter((id): id is string => typeof id === 'string' && isId(id));
export const isId = (id: string): boolean => /^[A-Za-z0-9_-]{1,64}$/.test(id);

/** One line without control characters, trimmed, at most `most` characters. */
export function lineOf(value: unknown, most: number): string {
  const line = (textOf(value) ?? '').replace(/[\p{Cc}\p{Cs}]+/gu, ' ').trim();
  return [...line.slice(0, most)].join('').trim();
}

/** Later than any archive can be from: a clock that ran wrong would hold up everybody's time. */
const LATEST_US = Date.UTC(2100, 0) * 1000;

/** Slack's `1189765461.000001` in microseconds; undefined for anything else. */
export function microsOf(ts: unknown): number | undefined {
  const match = typeof ts === 'string' ? /^(\d{1,10})(?:\.(\d{1,6}))?$/.exec(ts) : null;
  if (!match) return undefined;
  const micros = Number(match[1]) * 1_000_000 + Number((match[2] ?? '').padEnd(6, '0'));
  return micros > 0 && micros < LATEST_US ? micros : undefined;
}
