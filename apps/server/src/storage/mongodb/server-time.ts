import type { MongoClient, Db, TopologyDescriptionChangedEvent } from 'mongodb';
import { silentLogger, type Logger } from '../../platform/logger.ts';

const EVERY_MS = 10_000;
/** The cluster's own time is believed against the primary's clock up to here; beyond, somebody's clock was wrong once. */
const MOST_AHEAD_MS = 60_000;

/**
 * The primary's clock, as this process's steady clock plus what they differ by: asked anew every ten seconds, and at once
 * when another member has become primary. It is not behind the cluster's own time, which goes with every answer: so of two
 * processes neither is more than a second behind what the other saw the database answer, though a new primary's clock be.
 */
export class ServerTime {
  private offset: number | undefined;
  private timer: NodeJS.Timeout | undefined;
  private cluster = 0;
  private readonly changed = (event: TopologyDescriptionChangedEvent): void => {
    if (primaryOf(event.newDescription) !== primaryOf(event.previousDescription)) this.askAgain();
  };

  private constructor(private readonly client: Pick<MongoClient, 'on' | 'off'>, private readonly db: Db, private readonly logger: Logger) {}

  static async start(client: MongoClient, db: Db, logger: Logger = silentLogger): Promise<ServerTime> {
    const time = new ServerTime(client, db, logger);
    await time.ask();
    client.on('topologyDescriptionChanged', time.changed);
    time.timer = setInterval(() => time.askAgain(), EVERY_MS);
    time.timer.unref();
    return time;
  }

  /** Milliseconds since the epoch. */
  now(): number {
    const clock = performance.now() + (this.offset ?? 0);
    return this.cluster > clock && this.cluster - clock < MOST_AHEAD_MS ? this.cluster : clock;
  }

  /** A commit was answered with this time of the cluster, seconds. */
  passed(seconds: number): void {
    this.cluster = Math.max(this.cluster, seconds * 1_000);
  }

  stop(): void {
    clearInterval(this.timer);
    this.client.off('topologyDescriptionChanged', this.changed);
  }

  private askAgain(): void {
    // While it cannot be asked the steady clock goes on.
    this.ask().catch((error: unknown) => this.logger.debug({ err: error }, 'the database was not asked for its time'));
  }

  private async ask(): Promise<void> {
    const asked = performance.now();
    const { localTime } = await this.db.admin().command({ hello: 1 });
    const answered = performance.now();
    // Within the answer's own way there and back nothing better is known.
    const offset = (localTime as Date).getTime() - (asked + answered) / 2;
    if (this.offset === undefined || Math.abs(offset - this.offset) > (answered - asked) / 2) this.offset = offset;
  }
}

const primaryOf = (description: TopologyDescriptionChangedEvent['newDescription']): string | undefined => [...description.servers.values()].find(({ type }) => type === 'RSPrimary')?.address;
