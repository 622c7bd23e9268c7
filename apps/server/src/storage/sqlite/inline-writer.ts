import { cloneJson } from '../json.ts';
import { BatchWriter, type BatchWriterOptions, type Command } from './batch-writer.ts';
import { CommitLoop } from './commit-loop.ts';
import type { Settings } from './connection.ts';
import type { Writer, WriterEvents } from './writer.ts';

/** Runs commands in the caller's thread, which waits for the disk: for tests and one-off tools, not for a server. */
export class InlineWriter implements Writer {
  readonly ready: Promise<Settings>;
  private readonly writer: BatchWriter;
  private readonly loop: CommitLoop;

  constructor(options: BatchWriterOptions, events: WriterEvents) {
    this.writer = new BatchWriter(options);
    this.loop = new CommitLoop(this.writer, (commit) => events.committed({ ...commit, events: cloneJson(commit.events) }), async () => Promise.resolve());
    this.ready = Promise.resolve(this.writer.settings());
  }

  submit(commands: readonly (Command & { id: number })[]): void {
    this.loop.add(commands);
  }

  async close(): Promise<void> {
    await this.loop.idle();
    this.writer.close();
  }
}
