/** Times on the wire are RFC 3339 UTC; the store keeps whole microseconds since the epoch. */

let cachedSecond = -1;
let cachedPrefix = '';

/** Microseconds as `2024-05-01T10:20:30.123456Z`. */
export function microsToIso(micros: number): string {
  const second = Math.floor(micros / 1_000_000);
  if (second !== cachedSecond) {
    cachedPrefix = new Date(second * 1000).toISOString().slice(0, 20);
    cachedSecond = second;
  }
  return `${cachedPrefix}${String(micros - second * 1_000_000).padStart(6, '0')}Z`;
}

/** Epoch milliseconds as a time on the wire. */
export const millisToIso = (millis: number): string => new Date(millis).toISOString();

/** A time as taken (`TimeInput`): RFC 3339, or epoch milliseconds as a number or digits. NaN for what is none. */
export function timeToMicros(time: string | number): number {
  if (typeof time === 'number') return Math.round(time * 1000);
  if (/^\d+$/.test(time)) return Number(time) * 1000;
  const fraction = /\.(\d{1,6})Z$/.exec(time);
  const whole = Date.parse(fraction ? time.replace(fraction[0], 'Z') : time);
  return whole * 1000 + (fraction ? Number(fraction[1]!.padEnd(6, '0')) : 0);
}
