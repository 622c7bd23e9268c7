import type { Clock } from '@parley/shared/domain/clock';
import type { Engine, Timeline } from '@parley/shared/sync/api';
import { createEngine } from '@parley/shared/sync/engine';
import { MemoryKeyValue } from '@parley/shared/testing/memory-key-value';
import { systemClock, systemRandom } from '../../platform/system.ts';
import type { ComparedDevice } from '../simulation/compare.ts';
import { NodeTransport } from './node-transport.ts';

export interface SignedIn {
  id: string;
  username: string;
  token: string;
  device_id: string;
}

/** A device with the real sync engine over the real wire. Its disks outlive the engines that it runs. */
export class ClusterDevice implements ComparedDevice {
  engine: Engine | null = null;
  readonly open = new Map<string, Timeline>();
  /** What was ever shown that should not have been. */
  readonly shownWrong: string[] = [];
  #wire: NodeTransport | null = null;
  private readonly cache = new MemoryKeyValue();
  private readonly durable = new MemoryKeyValue();

  constructor(readonly name: string, readonly person: SignedIn, private readonly address: () => string, private readonly clock: Clock = systemClock) {}

  async start(): Promise<void> {
    this.#wire = new NodeTransport(this.address, this.person.token);
    const engine = createEngine({ accountId: this.person.id, deviceId: this.person.device_id, token: this.person.token, transport: this.#wire, cache: this.cache, durable: this.durable, clock: this.clock, random: systemRandom });
    await engine.start();
    this.engine = engine;
  }

  async stop(): Promise<void> {
    for (const timeline of this.open.values()) timeline.close();
    this.open.clear();
    await this.engine?.stop();
    this.engine = null;
    this.#wire?.die();
  }

  /** Its connection breaks; it connects again by itself. */
  cut(): void { this.#wire?.cut(); }

  /** Looks at a channel, and watches what is shown of it from then on. */
  look(channelId: string): Timeline {
    const held = this.open.get(`${channelId}/`);
    if (held) return held;
    const timeline = this.engine!.timeline(channelId, null);
    this.open.set(`${channelId}/`, timeline);
    const check = (): void => {
      const { messages } = timeline.get();
      for (let i = 1; i < messages.length; i++) {
        const [before, after] = [messages[i - 1]!.message, messages[i]!.message];
        if (after.seq <= before.seq || after.created_at < before.created_at) this.#wrong(`seq ${after.seq} of ${after.created_at} below seq ${before.seq} of ${before.created_at}`);
      }
      const ids = new Set(messages.map((m) => m.message.client_msg_id));
      if (ids.size !== messages.length) this.#wrong(`a message twice among ${messages.length}`);
    };
    timeline.subscribe(check);
    return timeline;
  }

  #wrong(what: string): void {
    if (this.shownWrong.length < 20) this.shownWrong.push(`${this.name} showed ${what}`);
  }
}
