import type { File } from '../protocol/entities.ts';
import type { UploadObserver, UploadOutcome, UploadPort, UploadTask } from '../sync/ports.ts';

export interface RunningUpload { task: UploadTask; observer: UploadObserver; end(outcome: UploadOutcome): void; stopped: boolean }

/** Files carried by hand: the test says how far each comes and how it ends. What is kept outlives the engine. */
export class MemoryUploads implements UploadPort {
  readonly bytes = new Map<string, unknown>();
  readonly started: RunningUpload[] = [];
  /** There is no room to keep more. */
  full = false;

  async keep(id: string, source: unknown): Promise<boolean> {
    this.bytes.set(id, source);
    return !this.full;
  }
  upload(task: UploadTask, observer: UploadObserver): { done: Promise<UploadOutcome>; stop(): void } {
    let end!: (outcome: UploadOutcome) => void;
    const done = new Promise<UploadOutcome>((resolve) => { end = resolve; });
    const run: RunningUpload = { task, observer, end, stopped: false };
    this.started.push(run);
    if (!this.bytes.has(task.id)) end({ kind: 'lost' });
    return { done, stop: () => { run.stopped = true; end({ kind: 'unreached', reason: 'stopped' }); } };
  }
  async drop(ids: readonly string[]): Promise<void> { for (const id of ids) this.bytes.delete(id); }
  async retain(ids: readonly string[]): Promise<void> { for (const id of this.bytes.keys()) if (!ids.includes(id)) this.bytes.delete(id); }

  /** The last try of a file. */
  of(id: string): RunningUpload {
    const run = this.started.filter((one) => one.task.id === id).at(-1);
    if (!run) throw new Error(`${id} was never begun`);
    return run;
  }
}

export const storedFile = (id: string, name = 'a.txt', more: Partial<File> = {}): File => ({ id, name, size: 10, mime: 'text/plain', created_at: '2025-01-01T00:00:00.000Z', ...more });
