interface Waiting { args: unknown }

/**
 * What waits for a commit. As long as all of it fits into one batch it leaves in the order it came; beyond that, channels
 * take turns, so that what is sent to others does not wait behind a crowd in one.
 */
export class FairQueue<T extends Waiting> {
  #waiting: T[] = [];

  get length(): number {
    return this.#waiting.length;
  }

  add(items: readonly T[]): void {
    for (const item of items) this.#waiting.push(item);
  }

  /** At most `most`; those of one channel in the order they came. */
  take(most: number): T[] {
    if (this.#waiting.length <= most) {
      const all = this.#waiting;
      this.#waiting = [];
      return all;
    }
    const turns = new Map<string, T[]>();
    for (const item of this.#waiting) {
      const key = placeOf(item.args);
      const turn = turns.get(key);
      if (turn) turn.push(item);
      else turns.set(key, [item]);
    }
    const taken = new Set<T>();
    for (let round = 0; taken.size < most; round++) {
      for (const turn of turns.values()) {
        const item = turn[round];
        if (item === undefined) continue;
        taken.add(item);
        if (taken.size === most) break;
      }
    }
    const left: T[] = [];
    const batch: T[] = [];
    for (const item of this.#waiting) (taken.has(item) ? batch : left).push(item);
    this.#waiting = left;
    return batch;
  }
}

/** The channel that a command is about; all others take their turn as one. */
function placeOf(args: unknown): string {
  const { channel_id, ref } = (typeof args === 'object' && args !== null ? args : {}) as { channel_id?: unknown; ref?: { channel_id?: unknown } };
  const place = channel_id ?? ref?.channel_id;
  return typeof place === 'string' ? place : '';
}
