/**
 * A position is a number that the log gives: the milliseconds of Redis's clock times 4,096, and one more for each further
 * entry, never below the last one. So positions go on rising though Redis should lose a stream, or its clock step back.
 * Milliseconds count from 2023-11-14, which leaves room for 69 years below 2^53. Stream ids are `POSITION-0`.
 */
export const EPOCH_MS = 1_700_000_000_000;
export const PER_MS = 4_096;

export const positionOf = (id: string): number => Number(id.slice(0, id.indexOf('-')));

export const idOf = (position: number): string => `${position}-0`;

/** When the entry was logged, milliseconds since the Unix epoch by Redis's clock. */
export const loggedAt = (position: number): number => Math.floor(position / PER_MS) + EPOCH_MS;
