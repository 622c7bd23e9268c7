import { SeededRandom } from '@parley/shared/testing/seeded-random';
import type { Engine, Timeline } from '@parley/shared/sync/api';
import { createEngine } from '@parley/shared/sync/engine';
import type { TestUser } from '../test-core.ts';
import type { Chance } from './chance.ts';
import { CrashableStore, type Disk } from './crashable-store.ts';
import { SimWire, type Weather } from './network.ts';
import { MortalClock, type SimClock } from './sim-clock.ts';
import type { SimServer } from './sim-server.ts';
import { SimUploads, type FileDisk } from './sim-uploads.ts';

/** A device of a person: its disks outlive the engines that it runs one after the other. */
export class Device {
  readonly cacheDisk: Disk = new Map();
  readonly durableDisk: Disk = new Map();
  readonly fileDisk: FileDisk = new Map();
  engine: Engine | null = null;
  readonly open = new Map<string, Timeline>();
  online = true;
  private wire: SimWire | null = null;
  private uploads: SimUploads | null = null;
  private stores: CrashableStore[] = [];
  private mortal: MortalClock | null = null;
  private starts = 0;

  constructor(
    readonly name: string, readonly person: TestUser, private readonly server: SimServer, private readonly clock: SimClock, private readonly chance: Chance, private readonly seed: number, private readonly weather: () => Weather,
  ) {}

  async start(): Promise<void> {
    const mortal = (this.mortal = new MortalClock(this.clock));
    this.stores = [new CrashableStore(this.cacheDisk, this.clock, this.chance), new CrashableStore(this.durableDisk, this.clock, this.chance)];
    this.wire = new SimWire(this.server, this.clock, this.chance, this.person.token, this.weather, () => this.online);
    this.uploads = new SimUploads(this.fileDisk, this.server, this.clock, this.chance, this.person.token, this.weather, () => this.online);
    const engine = createEngine({
      accountId: this.person.id, deviceId: this.person.device_id, token: this.person.token, transport: this.wire, cache: this.stores[0]!, durable: this.stores[1]!, uploads: this.uploads,
      clock: mortal, random: new SeededRandom(this.seed * 1_000 + ++this.starts), pageSize: 6, syncPageSize: 7,
    });
    await engine.start();
    if (this.mortal === mortal) this.engine = engine;
  }

  /** Runs or is about to. */
  get on(): boolean { return this.mortal !== null; }

  /** At any moment, between any two steps. */
  crash(): void {
    this.engine = null;
    this.open.clear();
    this.mortal?.kill();
    this.mortal = null;
    this.wire?.die();
    this.uploads?.die();
    for (const store of this.stores) store.crash();
  }

  setOnline(online: boolean): void {
    this.online = online;
    if (!online) this.wire?.cut();
  }

  timeline(channelId: string, rootId: string | null): Timeline {
    const key = `${channelId}/${rootId ?? ''}`;
    const held = this.open.get(key);
    if (held) return held;
    const made = this.engine!.timeline(channelId, rootId);
    this.open.set(key, made);
    return made;
  }

  close(key: string): void {
    this.open.get(key)?.close();
    this.open.delete(key);
  }
}
