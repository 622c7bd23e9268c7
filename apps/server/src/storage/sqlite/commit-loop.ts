import type { BatchWriter, Command } from './batch-writer.ts';
import { FairQueue } from './fair-queue.ts';
import type { Committed } from './writer.ts';

export const MAX_BATCH = 64;

/**
 * Takes what has come in while the last commit was under way and commits it together, at most `maxBatch` at once: the
 * slower the disk, the larger the batches, and no command waits for company.
 */
export class CommitLoop {
  private readonly queue = new FairQueue<Command & { id: number }>();
  private running: Promise<void> | undefined;

  constructor(private readonly writer: BatchWriter, private readonly committed: (commit: Committed) => void, private readonly turn: () => Promise<void>, private readonly maxBatch = MAX_BATCH) {}

  add(commands: readonly (Command & { id: number })[]): void {
    this.queue.add(commands);
    this.running ??= this.run();
  }

  async idle(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    await this.turn();
    while (this.queue.length > 0) {
      const batch = this.queue.take(this.maxBatch);
      const { outcomes, ...rest } = await this.writer.commit(batch);
      this.committed({ outcomes: outcomes.map((outcome, i) => ({ id: batch[i]!.id, outcome })), ...rest });
      await this.turn();
    }
    this.running = undefined;
  }
}
