import type { Db } from 'mongodb';

const EVERY_MS = 10_000;

/** The primary's clock, as this process's steady clock plus what they differ by; asked anew every ten seconds. */
export class ServerTime {
  private offset = 0;
  private timer: NodeJS.Timeout | undefined;

  private constructor(private readonly db: Db) {}

  static async start(db: Db): Promise<ServerTime> {
    const time = new ServerTime(db);
    await time.ask();
    time.timer = setInterval(() => {
      // While it cannot be asked the steady clock goes on.
      time.ask().catch(() => undefined);
    }, EVERY_MS);
    time.timer.unref();
    return time;
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return performance.now() + this.offset;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async ask(): Promise<void> {
    const asked = performance.now();
    const { localTime } = await this.db.admin().command({ hello: 1 });
    const answered = performance.now();
    // Within the answer's own way there and back nothing better is known.
    const offset = (localTime as Date).getTime() - (asked + answered) / 2;
    if (this.offset === 0 || Math.abs(offset - this.offset) > (answered - asked) / 2) this.offset = offset;
  }
}
