import type { SeededRandom } from '@parley/shared/testing/seeded-random';

/** What a simulation decides by its seed. */
export class Chance {
  constructor(readonly random: SeededRandom) {}
  /** True in a share `p` of the cases. */
  of(p: number): boolean { return this.random.below(1_000_000) < p * 1_000_000; }
  /** A whole number in [from, to]. */
  between(from: number, to: number): number { return from + this.random.below(to - from + 1); }
  /** Undefined only of an empty list. */
  pick<T>(list: readonly T[]): T { return list[list.length > 0 ? this.random.below(list.length) : 0]!; }
}
