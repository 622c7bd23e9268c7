import type { KeyPart } from '../port.ts';

/** Prefixes whose ceiling is remembered; the longest unasked one goes first. */
const CAPACITY = 10_000;

/**
 * The highest number under each prefix of a unique key that ends in one (a channel's seqs and revs), for the one
 * connection that writes. It may be too high (rows taken back or deleted), never too low: above it there is nothing, and
 * at or below it has to be looked up.
 */
export class Ceilings {
  private readonly highest = new Map<string, number>();

  /** Whether `parts`, a whole unique value, lies above everything; `read` answers the highest that is stored. */
  isAbove(index: string, parts: readonly KeyPart[], read: () => number): boolean {
    const [place, value] = placeOf(index, parts);
    let highest = this.highest.get(place);
    if (highest === undefined) highest = read();
    else this.highest.delete(place);
    this.highest.set(place, highest);
    if (this.highest.size > CAPACITY) this.highest.delete(this.highest.keys().next().value!);
    return value > highest;
  }

  /** A row has this value now. */
  raise(index: string, parts: readonly KeyPart[]): void {
    const [place, value] = placeOf(index, parts);
    const highest = this.highest.get(place);
    if (highest !== undefined && value > highest) this.highest.set(place, value);
  }

  /** Another process has written. */
  forget(): void {
    this.highest.clear();
  }
}

function placeOf(index: string, parts: readonly KeyPart[]): [place: string, value: number] {
  let place = index;
  for (let i = 0; i < parts.length - 1; i++) place += `\n${parts[i]!}`;
  return [place, parts[parts.length - 1] as number];
}
