import type { Worker } from 'node:worker_threads';
import type { Command } from './batch-writer.ts';
import { Checkpointer } from './checkpointer.ts';
import type { Settings } from './connection.ts';
import { fromWire } from './errors.ts';
import { startThread } from './start-thread.ts';
import type { FromWriter, ToWriter, WriterData } from './thread-protocol.ts';
import type { Writer, WriterEvents } from './writer.ts';

/** Runs commands in a worker thread. */
export class ThreadWriter implements Writer {
  readonly ready: Promise<Settings>;
  private readonly worker: Worker;
  private readonly checkpointer: Checkpointer;
  private readonly gone: Promise<void>;
  private closing = false;

  constructor(data: WriterData, private readonly events: WriterEvents) {
    this.worker = startThread('sqlite-writer', data);
    this.checkpointer = new Checkpointer(data.file);
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
        void this.checkpointer.close();
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
    await this.checkpointer.close();
    this.post({ type: 'close' });
    await this.gone;
  }

  private committed({ outcomes, events, changed, seconds, problem }: FromWriter & { type: 'committed' }): void {
    this.checkpointer.committed();
    this.events.committed({
      outcomes: outcomes.map(({ id, result, error }) => ({ id, outcome: error ? { ok: false, error: fromWire(error) } : { ok: true, result } })),
      events, changed, seconds, ...(problem === undefined ? {} : { problem }),
    });
  }

  private post(message: ToWriter): void {
    this.worker.postMessage(message);
  }
}
