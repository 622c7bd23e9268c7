import type { StoredEvent } from '../port.ts';

/** One transaction's place among those that commit changes of the same streams. */
export interface Turn {
  /** What it will have committed, told before it can be. */
  will(events: readonly StoredEvent[]): void;
  /** It is committed: tells it, after all that came before it in any of its streams. */
  told(events: readonly StoredEvent[]): Promise<void>;
  /** It came to nothing. May be said at any time, and again. */
  none(): void;
}

/**
 * Tells events in commit order within a stream, though answers of several transactions overtake each other: one that
 * goes on from another's rev can only have begun after that one was committed, whatever has been heard of it.
 */
export class Telling {
  private readonly open = new Set<{ revs: ReadonlyMap<string, number>; ended: Promise<void> }>();

  constructor(private readonly tell: (events: StoredEvent[]) => void) {}

  turn(): Turn {
    let end!: () => void;
    const place = { revs: new Map<string, number>() as ReadonlyMap<string, number>, ended: new Promise<void>((resolve) => (end = resolve)) };
    const none = (): void => {
      this.open.delete(place);
      end();
    };
    return {
      will: (events) => {
        place.revs = new Map(events.map(({ stream, rev }) => [stream, rev]));
        this.open.add(place);
      },
      told: async (events) => {
        const before = [...this.open].filter((other) => other !== place && events.some(({ stream, from }) => (other.revs.get(stream) ?? Number.POSITIVE_INFINITY) <= from));
        await Promise.all(before.map(async ({ ended }) => ended));
        try {
          if (events.length > 0) this.tell([...events]);
        } catch (error) {
          // A listener's defect is the process's, not the callers', whose commands are committed.
          queueMicrotask(() => {
            throw error;
          });
        } finally {
          none();
        }
      },
      none,
    };
  }
}
