/** CMP-10: a draft is kept 300 ms after the last key, at least each second while typing, and at once on blur, hide and switch. */
export const AFTER_KEY_MS = 300;
export const AT_LEAST_MS = 1_000;

export interface DraftClock { later(run: () => void, ms: number): () => void; now(): number }

export class DraftKeeper {
  readonly #save: (content: string, base?: string) => void;
  readonly #flush: () => void;
  readonly #clock: DraftClock;
  #saved: string;
  #content: string;
  #since: number | null = null;
  #cancel: (() => void) | null = null;

  /** `save` is told the text that it replaces, so that one which came in between is not lost. */
  constructor(save: (content: string, base?: string) => void, flush: () => void, clock: DraftClock, initial: string) {
    this.#save = save;
    this.#flush = flush;
    this.#clock = clock;
    this.#saved = initial;
    this.#content = initial;
  }

  get current(): string { return this.#content; }
  get isIdle(): boolean { return this.#content === this.#saved; }

  typed(content: string): void {
    this.#content = content;
    const now = this.#clock.now();
    this.#since ??= now;
    this.#cancel?.();
    this.#cancel = this.#clock.later(() => this.#keep(), Math.max(0, Math.min(AFTER_KEY_MS, this.#since + AT_LEAST_MS - now)));
  }

  /** A text that came from elsewhere is kept already. */
  loaded(content: string): void {
    this.#saved = content;
    this.#content = content;
  }

  /** The text went out: the draft goes with it. */
  sent(): void {
    this.#stop();
    this.#content = '';
    this.#saved = '';
    this.#save('');
  }

  flush(): void {
    if (this.#content !== this.#saved) this.#keep();
    this.#flush();
  }

  #keep(): void {
    this.#stop();
    if (this.#content === this.#saved) return;
    const base = this.#saved;
    this.#saved = this.#content;
    this.#save(this.#content, base);
  }

  #stop(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#since = null;
  }
}
