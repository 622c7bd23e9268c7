import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from '../logger.ts';

/** A command that is not answered within it fails; so does one that finds no connection. */
export const COMMAND_MS = 2_000;
const CONNECT_MS = 3_000;
const LONGEST_WAIT_MS = 2_000;
/** A connection on which nothing is heard is broken, though nobody said so. Shorter than the silence that gateways put up with. */
const PING_EVERY_MS = 1_000;

/**
 * The connections of this process to Redis. They come back by themselves, for ever; meanwhile commands fail at once
 * instead of waiting, and a half-open connection is found by its silence.
 */
export interface RedisLink {
  /** For commands that answer at once. */
  readonly client: Redis;
  /** One more connection, for blocking reads or for subscriptions; it closes with the link. Its commands have no time-out of their own; those that come while it connects wait for the attempt. */
  dedicated(name: string): Redis;
  isUp(): boolean;
  /** Told when the client's connection is ready, and when it is lost. Returns the unsubscribing function. */
  onChange(listener: (up: boolean) => void): () => void;
  close(): Promise<void>;
}

export interface RedisLinkOptions {
  logger: Logger;
  /** As `CLIENT LIST` shows it. */
  name: string;
}

/**
 * Resolves when the first connection stands.
 * @throws when it does not within three seconds, or the server is too old: the boot says so, later losses are lived with
 */
export async function openRedis(url: string, options: RedisLinkOptions): Promise<RedisLink> {
  const link = new Connections(url, options);
  try {
    await link.first();
    const version = tooOld(await link.client.info('server'));
    if (version !== null) throw new Error(`version ${version} is too old, 6.2 is needed`);
    return link;
  } catch (error) {
    await link.close();
    throw new Error(`PARLEY_REDIS_URL: no Redis to use answers there (${error instanceof Error ? error.message : String(error)})`, { cause: error });
  }
}

/** The version of a server that lacks what is used here (`XTRIM MINID`); null: it is new enough, or does not say. */
export function tooOld(info: string): string | null {
  const [, version, major, minor] = /^redis_version:((\d+)\.(\d+)\S*)/m.exec(info) ?? [];
  return version !== undefined && (Number(major) < 6 || (Number(major) === 6 && Number(minor) < 2)) ? version : null;
}

class Connections implements RedisLink {
  readonly client: Redis;
  readonly #all = new Set<Redis>();
  readonly #listeners = new Set<(up: boolean) => void>();
  readonly #pings: NodeJS.Timeout;
  #up = false;
  #closed = false;
  #pinging = false;

  constructor(private readonly url: string, private readonly options: RedisLinkOptions) {
    this.client = this.#connect(options.name, { commandTimeout: COMMAND_MS });
    this.client.on('ready', () => this.#tell(true));
    this.client.on('close', () => this.#tell(false));
    this.#pings = setInterval(() => void this.#ping(), PING_EVERY_MS).unref();
  }

  async first(): Promise<void> {
    if (this.#up) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => done(new Error('no answer in time')), CONNECT_MS);
      const done = (error?: Error): void => {
        clearTimeout(timer);
        off();
        this.client.off('error', done);
        if (error) reject(error);
        else resolve();
      };
      const off = this.onChange((up) => up && done());
      this.client.on('error', done);
    });
  }

  dedicated(name: string): Redis {
    return this.#connect(`${this.options.name}-${name}`, { enableOfflineQueue: true });
  }

  isUp(): boolean {
    return this.#up;
  }

  onChange(listener: (up: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#pings);
    this.#listeners.clear();
    for (const redis of this.#all) redis.disconnect();
    this.#all.clear();
  }

  #connect(name: string, more: RedisOptions): Redis {
    const redis = new Redis(this.url, {
      connectionName: name, connectTimeout: CONNECT_MS, enableOfflineQueue: false, maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false,
      keepAlive: 5_000, disableClientInfo: true, protocol: 2,
      retryStrategy: (attempt) => Math.min(LONGEST_WAIT_MS, 50 * 2 ** Math.min(attempt, 6)) * (0.5 + Math.random() / 2),
      // A primary that was demoted refuses writes: the next connection may reach the new one.
      reconnectOnError: (error) => error.message.startsWith('READONLY'),
      ...more,
    });
    this.#all.add(redis);
    redis.on('end', () => this.#all.delete(redis));
    // Each lost connection is told once, by the client; the message of a refused one may not hold the URL, which has a password.
    redis.on('error', (error: Error & { code?: string }) => {
      if (!this.#closed) this.options.logger.debug({ connection: name, code: error.code ?? error.name }, 'a connection to Redis failed; it is tried again');
    });
    return redis;
  }

  #tell(up: boolean): void {
    if (up === this.#up) return;
    this.#up = up;
    if (this.#closed) return;
    if (up) this.options.logger.info({}, 'Redis is there');
    else this.options.logger.warn({}, 'Redis is away; it is waited for');
    for (const listener of [...this.#listeners]) listener(up);
  }

  async #ping(): Promise<void> {
    if (!this.#up || this.#pinging) return;
    this.#pinging = true;
    try {
      await this.client.ping();
    } catch {
      // Whatever it was, a new connection is the answer; `close` tells it.
      if (this.#up && !this.#closed) this.client.disconnect(true);
    } finally {
      this.#pinging = false;
    }
  }
}

/** What a pipeline was answered. @throws the first error among it */
export function results(answers: [Error | null, unknown][] | null): unknown[] {
  if (!answers) throw new Error('Redis is away');
  return answers.map(([error, value]) => {
    if (error) throw error;
    return value;
  });
}
