import { LIMITS } from '@parley/shared/protocol/limits';
import type { SocketLink } from './link.ts';

/** Frames are handed to the carrier while it has less than this waiting. */
export const LOW_WATER = 65_536;
/** Handed over at once at most. */
const CHUNK_BYTES = 262_144;

const EMPTY: string[] = [];

/**
 * What waits for one socket. Live frames are kept while the reader is slow, up to the limits of invariant 9; typing and
 * presence are dropped as soon as it is. Frames that wait together leave in one write.
 */
export class SocketQueue {
  #waiting: string[] = EMPTY;
  #bytes = 0;
  #blocked = false;
  /** In the list of those to flush at the end of a fan-out. */
  dirty = false;

  constructor(readonly link: SocketLink) {}

  /** Takes a live frame of `bytes`; false: the reader is too slow and must go. Call `flush` after the last one of a batch. */
  push(frame: string, bytes: number): boolean {
    if (this.#waiting === EMPTY) this.#waiting = [frame];
    else this.#waiting.push(frame);
    this.#bytes += bytes;
    if (this.#waiting.length <= LIMITS.socket_queue_frames && this.#bytes <= LIMITS.socket_queue_bytes) return true;
    this.flush();
    return this.#waiting.length <= LIMITS.socket_queue_frames && this.#bytes <= LIMITS.socket_queue_bytes;
  }

  /** A single live frame, on its way at once when the reader keeps up. */
  send(frame: string, bytes: number): boolean {
    if (this.#waiting === EMPTY && !this.#blocked && this.link.buffered() < LOW_WATER) {
      this.link.send(frame);
      return true;
    }
    const kept = this.push(frame, bytes);
    this.flush();
    return kept;
  }

  /** Typing and presence: sent now or never. False when it was dropped. */
  ephemeral(frame: string): boolean {
    if (this.#waiting !== EMPTY || this.#blocked || this.link.buffered() >= LOW_WATER) return false;
    this.link.send(frame);
    return true;
  }

  flush(): void {
    while (!this.#blocked && this.#waiting !== EMPTY) {
      if (this.link.buffered() >= LOW_WATER) {
        this.#blocked = true;
        this.link.whenBelow(LOW_WATER, () => {
          this.#blocked = false;
          this.flush();
        });
        return;
      }
      if (this.#bytes <= CHUNK_BYTES) {
        const frames = this.#waiting;
        this.#waiting = EMPTY;
        this.#bytes = 0;
        if (frames.length === 1) this.link.send(frames[0]!);
        else this.link.sendMany(frames);
        return;
      }
      const frames = this.#takeChunk();
      this.link.sendMany(frames);
    }
  }

  /** Resolves when the carrier can take more: what paces catching up. */
  drained(): Promise<void> {
    if (this.link.buffered() < LOW_WATER) return Promise.resolve();
    return new Promise((resolve) => this.link.whenBelow(LOW_WATER, resolve));
  }

  waiting(): { frames: number; bytes: number } {
    return { frames: this.#waiting.length, bytes: this.#bytes };
  }

  drop(): void {
    this.#waiting = EMPTY;
    this.#bytes = 0;
  }

  #takeChunk(): string[] {
    let taken = 0;
    let bytes = 0;
    while (taken < this.#waiting.length && (taken === 0 || bytes < CHUNK_BYTES)) bytes += Buffer.byteLength(this.#waiting[taken++]!);
    const frames = this.#waiting.slice(0, taken);
    this.#waiting = taken === this.#waiting.length ? EMPTY : this.#waiting.slice(taken);
    this.#bytes = this.#waiting === EMPTY ? 0 : Math.max(0, this.#bytes - bytes);
    return frames;
  }
}
