import type { StreamName } from '@parley/shared/domain/streams';
import { partitionOf } from '../../log/partition.ts';
import type { DispatcherInbox, LinkBody } from '../port.ts';
import { encodePacket, type Owned } from './link-codec.ts';
import type { Ask } from './subscriptions.ts';

/** Numbers of gateways that are gone are kept for this many, so that one that comes back finds them going on. */
const NUMBERS = 1_000;

export interface DispatcherEndParts {
  send(gateway: string, text: string): void;
  /** `anew`: questions may have been missed. */
  announce(owned: readonly Owned[], anew: boolean): void;
}

/** A dispatcher's end of the links: what it owns, who asked for what, and the numbers of what it sent. */
export class DispatcherEnd {
  readonly #numbers = new Map<string, number>();
  readonly #tokens = new Map<number, number>();
  /** By partition and gateway. */
  readonly #asked = new Map<number, Map<string, Set<StreamName>>>();
  readonly #toAnnounce = new Set<number>();
  #turn: NodeJS.Immediate | null = null;

  constructor(readonly id: string, private readonly inbox: DispatcherInbox, private readonly parts: DispatcherEndParts) {}

  tokenOf(partition: number): number | undefined {
    return this.#tokens.get(partition);
  }

  owned(): Owned[] {
    return [...this.#tokens];
  }

  own(partition: number, token: number): void {
    this.#tokens.set(partition, token);
  }

  disown(partition: number): boolean {
    this.#asked.delete(partition);
    return this.#tokens.delete(partition);
  }

  /** Questions can be heard: tells all that the partition is this dispatcher's, with others of this turn. */
  introduce(partition: number, token: number): void {
    if (this.#tokens.get(partition) !== token) return;
    this.#toAnnounce.add(partition);
    this.#turn ??= setImmediate(() => this.flush());
  }

  /** Questions may have been missed. */
  reintroduce(): void {
    if (this.#tokens.size > 0) this.parts.announce(this.owned(), true);
  }

  flush(): void {
    if (this.#turn) clearImmediate(this.#turn);
    this.#turn = null;
    const owned = this.owned().filter(([partition]) => this.#toAnnounce.has(partition));
    this.#toAnnounce.clear();
    if (owned.length > 0) this.parts.announce(owned, true);
  }

  asked(partition: number, { gateway, ops, introduced = false }: Ask): void {
    if (!this.#tokens.has(partition)) return;
    let gateways = this.#asked.get(partition);
    if (!gateways) this.#asked.set(partition, (gateways = new Map()));
    let streams = gateways.get(gateway);
    if (!streams) gateways.set(gateway, (streams = new Set()));
    for (const op of ops) {
      const stream = op.slice(1) as StreamName;
      // A stream is asked of the partition it is in, or somebody speaks another version.
      if (partitionOf(stream) !== partition) continue;
      if (op.startsWith('-')) {
        if (streams.delete(stream)) this.inbox.unsubscribe(gateway, stream);
      } else if (!introduced || !streams.has(stream)) {
        streams.add(stream);
        this.inbox.subscribe(gateway, stream);
      }
    }
  }

  /** One link message; nothing for a partition that is not its own. */
  send(gateway: string, partition: number, body: LinkBody): void {
    const token = this.#tokens.get(partition);
    if (token === undefined) return;
    const number = (this.#numbers.get(gateway) ?? 0) + 1;
    this.#numbers.set(gateway, number);
    this.parts.send(gateway, encodePacket({ message: { dispatcher: this.id, number, token, body }, partition }));
  }

  beat(gateways: Iterable<string>): void {
    const owned = this.owned();
    if (owned.length === 0) return;
    this.parts.announce(owned, false);
    const partitions = owned.map(([partition]) => partition);
    for (const gateway of gateways) {
      const message = { dispatcher: this.id, number: this.#numbers.get(gateway) ?? 0, token: 0, body: { kind: 'beat' as const, partitions } };
      this.parts.send(gateway, encodePacket({ message, partition: null, owned }));
    }
  }

  /** The gateway is gone, and with it what it asked for. */
  drop(gateway: string): void {
    for (const gateways of this.#asked.values()) {
      const streams = gateways.get(gateway);
      gateways.delete(gateway);
      for (const stream of streams ?? []) this.inbox.unsubscribe(gateway, stream);
    }
    for (const known of this.#numbers.keys()) {
      if (this.#numbers.size <= NUMBERS) break;
      if (![...this.#asked.values()].some((gateways) => gateways.has(known))) this.#numbers.delete(known);
    }
  }
}
