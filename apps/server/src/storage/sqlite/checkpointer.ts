import type { Worker } from 'node:worker_threads';
import { startThread } from './start-thread.ts';

/** Commits between two checkpoints. Both sync the disk: a large one holds up the commits that come meanwhile. */
const COMMITS = 12;

/** Has the log copied into the database file beside the writer, whose commits would otherwise wait for it. Started when there is something to copy. */
export class Checkpointer {
  private worker: Worker | undefined;
  private commits = 0;
  private running = false;
  private closed = false;

  constructor(private readonly file: string) {}

  committed(): void {
    if (++this.commits < COMMITS || this.running || this.closed) return;
    this.commits = 0;
    this.running = true;
    (this.worker ??= this.start()).postMessage('run');
  }

  /** Resolves when its connection is closed; must end before the writer closes, which makes the file whole. */
  async close(): Promise<void> {
    this.closed = true;
    const worker = this.worker;
    if (!worker) return;
    const gone = new Promise((resolve) => worker.once('exit', resolve));
    worker.postMessage('close');
    await gone;
  }

  private start(): Worker {
    const worker = startThread('sqlite-checkpointer', { file: this.file });
    worker.on('message', () => (this.running = false));
    worker.on('error', () => undefined); // Its end is seen by `exit`; the next commits start another.
    worker.on('exit', () => {
      this.worker = undefined;
      this.running = false;
    });
    worker.unref();
    return worker;
  }
}
