import type { Redis } from 'ioredis';
import type { Logger } from '../../platform/logger.ts';
import type { RedisLink } from '../../platform/redis/redis-link.ts';

/** Characters handed to Redis for one channel and not taken yet, and for all; beyond, messages are dropped, which their numbers show. */
const UNSENT = { channel: 16 * 1024 * 1024, all: 64 * 1024 * 1024 };
/** How often it is proved that what is published is heard. */
const ECHO_MS = 2_000;
/** Channels subscribed in one command. */
const SUBSCRIBE_CHANNELS = 1_000;
/** What was published before the end has this long to leave. */
const LEAVE_MS = 500;

export interface BusParts {
  link: RedisLink;
  /** Of this process, unique. */
  id: string;
  logger: Logger;
  /** Messages may have been lost in either direction: a connection is new. All subscriptions stand again. */
  restored(): void;
}

type Handler = (text: string, channel: string) => void;

/**
 * Messages between processes over Redis' publish and subscribe: in order from one publisher to one subscriber, over all
 * channels, and lost while a connection is away. An echo of its own shows a half-open connection, which is then made anew.
 */
export class Bus {
  readonly #redis: Redis;
  readonly #handlers = new Map<string, Handler>();
  readonly #echoes: { resolve(): void; reject(error: Error): void }[] = [];
  readonly #echoChannel: string;
  readonly #standing: Promise<boolean>;
  readonly #unsent = new Map<string, number>();
  #unsentAll = 0;
  /** Watches the network, so by real time whatever clock the rest goes by. */
  readonly #timer: NodeJS.Timeout;
  readonly #offChange: () => void;
  /** An echo of the turn before has not come. */
  #waiting = false;
  /** The connection was not ready at the turn before. */
  #connecting = false;
  /** Something may have been lost since all subscriptions stood the last time. */
  #broken = false;
  #closed = false;

  constructor(private readonly parts: BusParts) {
    this.#echoChannel = `parley:{echo}:${parts.id}`;
    this.#redis = parts.link.dedicated('bus');
    this.#redis.on('message', (channel: string, text: string) => this.#heard(channel, text));
    this.#redis.on('ready', () => void this.#restore());
    this.#redis.on('close', () => this.#lost());
    // What was published while the commands' connection broke is lost, though all subscriptions stand.
    this.#offChange = parts.link.onChange((up) => (up ? void this.#restore() : this.#lost()));
    this.#standing = this.subscribe([this.#echoChannel], () => this.#echoes.shift()?.resolve());
    this.#timer = setInterval(() => this.#watch(), ECHO_MS).unref();
  }

  /** Resolves with true when Redis has the subscriptions; with false they come with the next connection, which tells `restored`. */
  async subscribe(channels: readonly string[], handler: Handler): Promise<boolean> {
    for (const channel of channels) this.#handlers.set(channel, handler);
    const made = await this.#ask(channels, (part) => this.#redis.subscribe(...part));
    if (!made) this.#broken = true;
    return made;
  }

  async unsubscribe(channels: readonly string[]): Promise<void> {
    const known = channels.filter((channel) => this.#handlers.delete(channel));
    await this.#ask(known, (part) => this.#redis.unsubscribe(...part));
  }

  /** False when it was dropped: Redis is away, or takes less than is published. Never throws. */
  publish(channel: string, text: string): boolean {
    if (this.#closed || !this.parts.link.isUp()) return false;
    const unsent = this.#unsent.get(channel) ?? 0;
    if (unsent + text.length > UNSENT.channel || this.#unsentAll + text.length > UNSENT.all) return false;
    this.#unsent.set(channel, unsent + text.length);
    this.#unsentAll += text.length;
    const done = (): void => {
      this.#unsentAll -= text.length;
      const left = this.#unsent.get(channel)! - text.length;
      if (left === 0) this.#unsent.delete(channel);
      else this.#unsent.set(channel, left);
    };
    this.parts.link.client.publish(channel, text).then(done, done);
    return true;
  }

  /** Resolves when everything that this process published before has come to its own subscriptions. @throws when a connection broke meanwhile. */
  async echo(): Promise<void> {
    await this.#standing;
    await new Promise<void>((resolve, reject) => {
      if (this.publish(this.#echoChannel, '')) this.#echoes.push({ resolve, reject });
      else reject(new Error('Redis is away'));
    });
  }

  /** What was published before still leaves, if that takes no time worth mentioning. */
  async close(): Promise<void> {
    if (this.#closed) return;
    if (this.parts.link.isUp()) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, LEAVE_MS)));
      await Promise.race([this.echo().catch(() => undefined), late]);
      clearTimeout(timer);
    }
    this.#closed = true;
    this.#offChange();
    clearInterval(this.#timer);
    this.#forgetEchoes();
    this.#handlers.clear();
    this.#redis.disconnect();
  }

  #heard(channel: string, text: string): void {
    try {
      this.#handlers.get(channel)?.(text, channel);
    } catch (error) {
      // Whoever published it speaks another version, or is not of us; a link's numbers show the hole.
      this.parts.logger.warn({ channel, error: String(error) }, 'a message over Redis could not be understood');
    }
  }

  #lost(): void {
    this.#broken = true;
    this.#forgetEchoes();
  }

  /** Both connections are there again: subscribes to everything, then tells. */
  async #restore(): Promise<void> {
    if (this.#closed || !this.#broken || !this.parts.link.isUp() || this.#redis.status !== 'ready') return;
    this.#broken = false;
    // The library subscribes again only to what once stood; what was refused meanwhile is known here alone.
    const made = await this.#ask([...this.#handlers.keys()], (part) => this.#redis.subscribe(...part));
    if (!made) this.#broken = true;
    else if (!this.#closed && !this.#broken) this.parts.restored();
  }

  #watch(): void {
    if (this.#closed || !this.parts.link.isUp()) return;
    const ready = this.#redis.status === 'ready';
    if (ready && this.#broken) void this.#restore();
    // While it waits to try again there is nothing to end.
    const stuck = !ready && this.#connecting && this.#redis.status !== 'reconnecting';
    this.#connecting = !ready;
    if (stuck || (this.#echoes.length > 0 && this.#waiting)) {
      this.parts.logger.warn({}, 'the bus over Redis is silent; its connection is made anew');
      this.#redis.disconnect(true);
      return;
    }
    if (!ready) return;
    this.#waiting = true;
    const over = (): void => void (this.#waiting = false);
    this.echo().then(over, over);
  }

  #forgetEchoes(): void {
    for (const echo of this.#echoes.splice(0)) echo.reject(new Error('the connection to Redis was lost'));
  }

  async #ask(channels: readonly string[], command: (part: readonly string[]) => Promise<unknown>): Promise<boolean> {
    if (this.#closed) return false;
    try {
      const asked: Promise<unknown>[] = [];
      for (let i = 0; i < channels.length; i += SUBSCRIBE_CHANNELS) asked.push(command(channels.slice(i, i + SUBSCRIBE_CHANNELS)));
      await Promise.all(asked);
      return true;
    } catch (error) {
      if (!this.#closed) this.parts.logger.debug({ error: String(error) }, 'a subscription waits for the next connection to Redis');
      return false;
    }
  }
}
