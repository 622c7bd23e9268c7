import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Command } from './batch-writer.ts';
import type { Settings } from './connection.ts';
import { fromWire } from './errors.ts';
import type { FromWriter, ToWriter, WriterData } from './thread-protocol.ts';
import type { Writer, WriterEvents } from './writer.ts';

/** Runs commands in a worker thread. */
export class ThreadWriter implements Writer {
  readonly ready: Promise<Settings>;
  private readonly worker: Worker;
  private readonly gone: Promise<void>;
  private closing = false;

  constructor(data: WriterData, private readonly events: WriterEvents) {
    this.worker = startWorker(data);
    let opened: (settings: Settings) => void;
    let failed: (reason: Error) => void;
    this.ready = new Promise((resolve, reject) => ([opened, failed] = [resolve, reject]));
    this.ready.catch(() => undefined); // Whoever waits is told; nobody waits after a restart.
    this.worker.on('message', (message: FromWriter) => {
      if (message.type === 'ready') opened(message.settings);
      else if (message.type === 'committed') this.committed(message);
    });
    let reason = new Error('the writer ended');
    this.worker.on('error', (error) => (reason = error instanceof Error ? error : new Error(String(error))));
    this.gone = new Promise((resolve) => {
      this.worker.on('exit', () => {
        failed(reason);
        if (!this.closing) this.events.lost(reason);
        resolve();
      });
    });
  }

  submit(commands: readonly (Command & { id: number })[]): void {
    this.post({ type: 'run', commands: [...commands] });
  }

  async close(): Promise<void> {
    this.closing = true;
    this.post({ type: 'close' });
    await this.gone;
  }

  private committed({ outcomes, events, seconds, problem }: FromWriter & { type: 'committed' }): void {
    this.events.committed({
      outcomes: outcomes.map(({ id, result, error }) => ({ id, outcome: error ? { ok: false, error: fromWire(error) } : { ok: true, result } })),
      events, seconds, ...(problem === undefined ? {} : { problem }),
    });
  }

  private post(message: ToWriter): void {
    this.worker.postMessage(message);
  }
}

/** Once built, the thread's entry lies beside the main file. From sources, a thread has to bring its own loader. */
function startWorker(workerData: WriterData): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./sqlite-writer.js', import.meta.url), { workerData });
  const loader = new URL('./esm/api/index.mjs', pathToFileURL(createRequire(import.meta.url).resolve('tsx'))).href;
  const entry = new URL('./sqlite-writer.ts', import.meta.url).href;
  return new Worker(`import(${JSON.stringify(loader)}).then(({ register }) => { register(); return import(${JSON.stringify(entry)}); })`, { eval: true, workerData });
}
