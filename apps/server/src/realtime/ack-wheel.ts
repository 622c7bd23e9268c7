import { encodeHead, type Follow } from './hub.ts';

/** An unacknowledged live frame is followed by a `head` after this long, then after twice as long, and so on. */
export const UNACKED_MS = 10_000;
const UNACKED_MAX_MS = 300_000;

/** Follows by the second in which their acknowledgement is looked at: constant cost a frame, whatever their number. */
export class AckWheel {
  readonly #slots = new Map<number, Follow[]>();
  #next: number;

  constructor(now: number) {
    this.#next = slot(now);
  }

  /** Call when a follow was told something and has `dueAt` 0. */
  schedule(follow: Follow, now: number, delay = UNACKED_MS): void {
    follow.dueAt = now + delay;
    const at = Math.max(this.#next, slot(follow.dueAt));
    const list = this.#slots.get(at);
    if (list) list.push(follow);
    else this.#slots.set(at, [follow]);
  }

  /** Tells heads again for what fell due. */
  turn(now: number): void {
    for (; this.#next * 1_000 <= now; this.#next++) {
      const due = this.#slots.get(this.#next);
      if (!due) continue;
      this.#slots.delete(this.#next);
      for (const follow of due) this.#look(follow, now);
    }
  }

  #look(follow: Follow, now: number): void {
    follow.dueAt = 0;
    if (!follow.hub.followers.has(follow)) return;
    if (follow.acked >= follow.told) {
      follow.backOff = 0;
      return;
    }
    // One that is catching up is about to be told anyway.
    if (!follow.catching) follow.connection.live(encodeHead(follow.hub));
    follow.told = Math.max(follow.told, follow.hub.rev);
    follow.backOff++;
    this.schedule(follow, now, Math.min(UNACKED_MAX_MS, UNACKED_MS * 2 ** follow.backOff));
  }
}

const slot = (ms: number): number => Math.floor(ms / 1_000);
