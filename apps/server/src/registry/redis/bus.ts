import type { Redis } from 'ioredis';
import type { Logger } from '../../platform/logger.ts';
import type { RedisLink } from '../../platform/redis/redis-link.ts';

/** Bytes handed to Redis and not taken yet; beyond, messages are dropped, which their numbers show. */
const UNSENT_BYTES = 64 * 1024 * 1024;
/** How often it is proved that what is published is heard. */
const ECHO_MS = 2_000;

export interface BusParts {
  link: RedisLink;
  /** Of this process, unique. */
  id: string;
  logger: Logger;
  /** Messages may have been lost: the subscribing connection is new. */
  restored(): void;
}

/**
 * Messages between processes over Redis' publish and subscribe: in order from one publisher to one channel, and lost while
 * a connection is away. An echo of its own shows a half-open connection, which is then made anew.
 */
export class Bus {
  readonly #redis: Redis;
  readonly #handlers = new Map<string, (text: string) => void>();
  readonly #echoes: { resolve(): void; reject(error: Error): void }[] = [];
  readonly #echoChannel: string;
  /** The first subscription; those of later connections come before anything is published there. */
  readonly #standing: Promise<void>;
  #unsent = 0;
  /** Watches the network, so by real time whatever clock the rest goes by. */
  readonly #timer: NodeJS.Timeout;
  /** An echo of the turn before has not come. */
  #waiting = false;
  #connections = 0;
  #closed = false;

  constructor(private readonly parts: BusParts) {
    this.#echoChannel = `parley:{echo}:${parts.id}`;
    this.#redis = parts.link.dedicated('bus');
    this.#redis.on('message', (channel: string, text: string) => this.#handlers.get(channel)?.(text));
    this.#redis.on('ready', () => {
      // ioredis subscribes again to all channels by itself; this message comes behind those.
      if (++this.#connections > 1 && !this.#closed) parts.restored();
    });
    this.#redis.on('close', () => this.#forgetEchoes());
    this.#standing = this.subscribe(this.#echoChannel, () => this.#echoes.shift()?.resolve());
    this.#timer = setInterval(() => this.#watch(), ECHO_MS).unref();
  }

  /** Resolves when Redis has the subscription; without a connection it comes with the next one, which tells `restored`. */
  async subscribe(channel: string, handler: (text: string) => void): Promise<void> {
    this.#handlers.set(channel, handler);
    await this.#quietly(() => this.#redis.subscribe(channel));
  }

  async unsubscribe(channel: string): Promise<void> {
    if (this.#handlers.delete(channel)) await this.#quietly(() => this.#redis.unsubscribe(channel));
  }

  /** False when it was dropped. Never throws. */
  publish(channel: string, text: string): boolean {
    if (this.#closed || !this.parts.link.isUp() || this.#unsent > UNSENT_BYTES) return false;
    this.#unsent += text.length;
    const done = (): void => void (this.#unsent -= text.length);
    this.parts.link.client.publish(channel, text).then(done, done);
    return true;
  }

  /** Resolves when everything that this process published before has come to its own subscriptions. */
  async echo(): Promise<void> {
    await this.#standing;
    await new Promise<void>((resolve, reject) => {
      if (this.publish(this.#echoChannel, '')) this.#echoes.push({ resolve, reject });
      else reject(new Error('Redis is away'));
    });
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#forgetEchoes();
    this.#handlers.clear();
    this.#redis.disconnect();
  }

  #watch(): void {
    if (this.#closed || !this.parts.link.isUp()) return;
    if (this.#echoes.length > 0 && this.#waiting) {
      this.parts.logger.warn({}, 'the bus over Redis is silent; its connection is made anew');
      this.#redis.disconnect(true);
      return;
    }
    this.#waiting = true;
    const over = (): void => void (this.#waiting = false);
    this.echo().then(over, over);
  }

  #forgetEchoes(): void {
    for (const echo of this.#echoes.splice(0)) echo.reject(new Error('the connection to Redis was lost'));
  }

  async #quietly(work: () => Promise<unknown>): Promise<void> {
    if (this.#closed) return;
    try {
      await work();
    } catch (error) {
      if (!this.#closed) this.parts.logger.debug({ error: String(error) }, 'a subscription waits for the next connection to Redis');
    }
  }
}
