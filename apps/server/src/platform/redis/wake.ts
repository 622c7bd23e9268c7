import type { Clock, Timer } from '@parley/shared/domain/clock';
import type { Logger } from '../logger.ts';
import type { RedisLink } from './redis-link.ts';

/** Word of the same kind leaves once in this time at most. */
const TELL_EVERY_MS = 20;

const channelOf = (kind: string): string => `parley:wake:${kind}`;

/**
 * Word to other processes that there is work of a kind. Lossy by design: the work itself lies in the Store, and whoever
 * does it looks there now and then anyway. Word only makes it sooner.
 */
export interface Wake {
  /** Tells every process, this one included. Never throws, nobody waits for it. */
  tell(kind: string): void;
  /** `listener` is also called when word may have been missed. Returns the unsubscribing function. */
  on(kind: string, listener: () => void): () => void;
  close(): void;
}

/** Word by Redis's publish and subscribe; one connection hears every kind. */
export function redisWake(link: RedisLink, deps: { clock: Clock; logger: Logger }): Wake {
  const listeners = new Map<string, Set<() => void>>();
  const waiting = new Map<string, Timer>();
  const hears = link.dedicated('wake');

  const call = (channel: string): void => {
    for (const listener of [...(listeners.get(channel) ?? [])]) listener();
  };
  const subscribe = (channel: string): void => {
    hears.subscribe(channel).then(
      () => call(channel), // What was said before was missed.
      (error: unknown) => deps.logger.debug({ error: String(error) }, 'word of work is not heard yet; the next connection asks for it again'),
    );
  };
  hears.on('message', (channel: string) => call(channel));
  hears.on('ready', () => {
    for (const channel of listeners.keys()) subscribe(channel);
  });

  return {
    tell(kind) {
      if (waiting.has(kind)) return;
      waiting.set(kind, deps.clock.setTimer(TELL_EVERY_MS, () => {
        waiting.delete(kind);
        link.client.publish(channelOf(kind), '').catch(() => call(channelOf(kind)));
      }));
    },
    on(kind, listener) {
      const channel = channelOf(kind);
      let set = listeners.get(channel);
      if (!set) {
        listeners.set(channel, (set = new Set()));
        if (hears.status === 'ready') subscribe(channel);
      }
      set.add(listener);
      return () => set.delete(listener);
    },
    close() {
      for (const timer of waiting.values()) timer.cancel();
      waiting.clear();
      listeners.clear();
      hears.disconnect();
    },
  };
}
