/**
 * The store's clock: microseconds that never fall, and outbox ids that always rise, though the machine's clock be set back.
 */
export class StoreClock {
  private last = 0;
  private lastId: number;

  /** `newest` is the newest outbox id that is stored, if any. */
  constructor(private readonly milliseconds: () => number, newest?: string) {
    this.lastId = newest === undefined ? 0 : Number.parseInt(newest, 16);
  }

  now(): number {
    this.last = Math.max(this.last, Math.floor(this.milliseconds() * 1000));
    return this.last;
  }

  /** The next id comes after this one, which another process may have given. */
  passed(id: string): void {
    this.lastId = Math.max(this.lastId, Number.parseInt(id, 16));
  }

  /** Fourteen hexadecimal digits: they sort as text as they do as numbers. */
  nextId(): string {
    this.lastId = Math.max(this.lastId + 1, this.last);
    return outboxIdAt(this.lastId);
  }
}

/** The first outbox id that a commit of this time may have; microseconds. */
export const outboxIdAt = (us: number): string => Math.max(0, Math.floor(us)).toString(16).padStart(14, '0');
