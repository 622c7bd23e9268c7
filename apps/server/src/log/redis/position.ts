/**
 * Stream ids are `MILLISECONDS-COUNT`, by the clock of Redis; a position is both in one number, so that positions go on
 * rising though Redis should lose a stream. Milliseconds count from 2023-11-14, which leaves room for 69 years.
 */
const EPOCH_MS = 1_700_000_000_000;
/** More entries in one millisecond of one partition than Redis can take. */
const PER_MS = 4_096;

export function positionOf(id: string): number {
  const dash = id.indexOf('-');
  return (Number(id.slice(0, dash)) - EPOCH_MS) * PER_MS + Number(id.slice(dash + 1));
}

export function idOf(position: number): string {
  return `${Math.floor(position / PER_MS) + EPOCH_MS}-${position % PER_MS}`;
}
