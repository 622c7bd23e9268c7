/** A channel is hot from more than this many events a second, over two seconds. */
export const HOT_PER_SECOND = 100;
const ENTER_SECONDS = 2;
/** It is hot no more below this many a second, over half a minute. */
export const COOL_PER_SECOND = 20;
const LEAVE_SECONDS = 30;

/** How busy a stream is, from the times of its events. Streams that were never busy keep a number each. */
export class Pace {
  #second = 0;
  #count = 0;
  /** Events of the last half minute, by second; kept from the first busy second on. */
  #recent: number[] | null = null;
  #hotSince: number | null = null;

  /** An event came at `now` (milliseconds). */
  note(now: number): void {
    this.#advance(now);
    this.#count++;
    if (this.#recent === null && this.#count > HOT_PER_SECOND / ENTER_SECONDS) this.#recent = new Array<number>(LEAVE_SECONDS).fill(0);
    if (this.#recent === null || this.#hotSince !== null) return;
    const before = this.#recent[(this.#second - 1 + LEAVE_SECONDS) % LEAVE_SECONDS]!;
    if (before + this.#count > HOT_PER_SECOND * ENTER_SECONDS) this.#hotSince = this.#second;
  }

  /** Whether it is hot at `now`. */
  hot(now: number): boolean {
    if (this.#hotSince === null) return false;
    this.#advance(now);
    if (this.#second - this.#hotSince < LEAVE_SECONDS) return true;
    const total = this.#recent!.reduce((sum, n, at) => sum + (at === this.#second % LEAVE_SECONDS ? 0 : n), this.#count);
    if (total >= COOL_PER_SECOND * LEAVE_SECONDS) return true;
    this.#hotSince = null;
    this.#recent = null;
    return false;
  }

  #advance(now: number): void {
    const second = Math.floor(now / 1_000);
    if (second <= this.#second) return;
    if (this.#recent !== null) {
      this.#recent[this.#second % LEAVE_SECONDS] = this.#count;
      for (let at = Math.max(this.#second + 1, second - LEAVE_SECONDS); at < second; at++) this.#recent[at % LEAVE_SECONDS] = 0;
    }
    this.#second = second;
    this.#count = 0;
  }
}
