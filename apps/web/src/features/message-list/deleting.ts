/** Deletions that wait for their undo: shown at once, sent 6 s later, and at once when the page goes. */
export const UNDO_MS = 6_000;

export class DelayedDeletes {
  readonly #later: (run: () => void, ms: number) => () => void;
  readonly #waiting = new Map<string, { send: () => void; cancel: () => void }>();
  readonly #listeners = new Set<() => void>();

  constructor(later: (run: () => void, ms: number) => () => void) {
    this.#later = later;
  }

  has(messageId: string): boolean {
    return this.#waiting.has(messageId);
  }

  add(messageId: string, send: () => void): void {
    if (this.#waiting.has(messageId)) return;
    this.#waiting.set(messageId, { send, cancel: this.#later(() => this.#send(messageId), UNDO_MS) });
    this.#changed();
  }

  undo(messageId: string): boolean {
    const waiting = this.#waiting.get(messageId);
    if (!waiting) return false;
    waiting.cancel();
    this.#waiting.delete(messageId);
    this.#changed();
    return true;
  }

  /** The page goes: nothing that was deleted comes back by that. */
  flush(): void {
    for (const id of [...this.#waiting.keys()]) this.#send(id);
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #send(messageId: string): void {
    const waiting = this.#waiting.get(messageId);
    if (!waiting) return;
    waiting.cancel();
    // First the act, so that its pending state hides the row before this does no more.
    waiting.send();
    this.#waiting.delete(messageId);
    this.#changed();
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

export const deletes = new DelayedDeletes((run, ms) => { const timer = setTimeout(run, ms); return () => clearTimeout(timer); });
if (typeof window !== 'undefined') window.addEventListener('pagehide', () => deletes.flush());
