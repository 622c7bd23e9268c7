import type { File } from '@parley/shared/protocol/entities';
import type { UploadObserver, UploadOutcome, UploadPort, UploadTask } from '@parley/shared/sync/ports';
import type { Chance } from './chance.ts';
import type { Weather } from './network.ts';
import type { SimClock } from './sim-clock.ts';
import type { SimServer } from './sim-server.ts';

const PARTS = 3;

/** What a device keeps of files: outlives its engines. */
export type FileDisk = Map<string, string>;

/**
 * Files over the same weather as calls: in parts, cut anywhere, the last answer lost as well, and gone on with by address.
 * Now and then there is no room, so that bytes last as long as the run.
 */
export class SimUploads implements UploadPort {
  private alive = true;
  private readonly memory: FileDisk = new Map();

  constructor(
    private readonly disk: FileDisk, private readonly server: SimServer, private readonly clock: SimClock, private readonly chance: Chance, private readonly token: string, private readonly weather: () => Weather,
    private readonly online: () => boolean,
  ) {}

  die(): void { this.alive = false; }
  private async pause(ms: number): Promise<void> {
    await this.clock.sleep(ms);
    if (!this.alive) await new Promise<never>(() => {});
  }

  async keep(id: string, source: unknown): Promise<boolean> {
    this.memory.set(id, String(source));
    if (this.chance.of(0.05)) return false;
    await this.pause(this.chance.between(1, 60));
    this.disk.set(id, String(source));
    return true;
  }
  async drop(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      this.memory.delete(id);
      this.disk.delete(id);
    }
  }
  async retain(ids: readonly string[]): Promise<void> { for (const id of this.disk.keys()) if (!ids.includes(id)) this.disk.delete(id); }

  upload(task: UploadTask, observer: UploadObserver): { done: Promise<UploadOutcome>; stop(): void } {
    let stopped = false;
    const cut = (): boolean => stopped || !this.online() || this.chance.of(this.weather().loss * 2);
    const run = async (): Promise<UploadOutcome> => {
      const bytes = this.memory.get(task.id) ?? this.disk.get(task.id);
      if (bytes === undefined) return { kind: 'lost' };
      const url = task.url ?? `up-${task.id}-${this.chance.between(1, 1_000_000)}`;
      for (let part = 1; part <= PARTS; part++) {
        await this.pause(this.chance.of(this.weather().slow) ? this.chance.between(200, 2_500) : this.chance.between(1, 80));
        if (cut()) return { kind: 'unreached', reason: 'cut' };
        if (part === 1) observer.url(url);
        observer.progress(Math.round((task.size * part) / PARTS));
      }
      const stored = await this.server.storeFile(url, { name: task.name, bytes, token: this.token });
      await this.pause(this.chance.between(1, 40));
      if (stored === null || cut()) return { kind: 'unreached', reason: 'unanswered' };
      return { kind: 'ok', file: stored satisfies File };
    };
    return { done: run(), stop: () => { stopped = true; } };
  }
}
