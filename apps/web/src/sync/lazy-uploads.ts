import type { Transport, UploadObserver, UploadOutcome, UploadPort, UploadTask } from '@parley/shared/sync/ports';

/** What a crash left over is looked for when the start is long over. */
const TIDY_MS = 5_000;

/** Uploads, whose code is fetched with the first file. */
export class LazyUploads implements UploadPort {
  private port: Promise<UploadPort> | null = null;
  private tidied = false;

  constructor(private readonly accountId: string, private readonly transport: Transport) {}

  private get loaded(): Promise<UploadPort> {
    if (!this.port) {
      const port = import('./web-uploads.ts').then(({ WebUploads }) => new WebUploads(this.accountId, this.transport));
      this.port = port;
      port.catch(() => { this.port = null; });
    }
    return this.port;
  }

  async keep(id: string, source: unknown): Promise<boolean> { return (await this.loaded).keep(id, source); }
  async drop(ids: readonly string[]): Promise<void> { return (await this.loaded).drop(ids); }

  async retain(ids: readonly string[]): Promise<void> {
    if (this.tidied) return (await this.loaded).retain(ids);
    this.tidied = true;
    if (ids.length > 0) return (await this.loaded).retain(ids);
    // What is added meanwhile is not among the ids: then it is left for the next start.
    setTimeout(() => { if (!this.port) void this.loaded.then((port) => port.retain([])).catch(() => {}); }, TIDY_MS);
  }

  upload(task: UploadTask, observer: UploadObserver): { done: Promise<UploadOutcome>; stop(): void } {
    let stop = (): void => { stopped = true; };
    let stopped = false;
    const run = async (): Promise<UploadOutcome> => {
      const port = await this.loaded;
      if (stopped) return { kind: 'unreached', reason: 'stopped' };
      const made = port.upload(task, observer);
      stop = made.stop;
      return made.done;
    };
    return { done: run().catch((error: unknown): UploadOutcome => ({ kind: 'unreached', reason: String(error) })), stop: () => stop() };
  }
}
