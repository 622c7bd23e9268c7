import { PARTITIONS } from '../log/port.ts';
import { LINK_SILENCE_MS, type LinkMessage } from '../registry/port.ts';

/** What a link message means for the link: a `gap` says that something before it was lost. */
export type LinkVerdict = 'take' | 'gap' | 'stale';

/** A gateway's view of its links: numbers without holes, fencing tokens that never fall, beats. */
export class LinkMonitor {
  readonly #numbers = new Map<string, number>();
  readonly #tokens = new Map<number, number>();
  /** When the owner of a partition was last heard. */
  readonly #heard: number[];

  constructor(now: number) {
    this.#heard = Array.from({ length: PARTITIONS }, () => now);
  }

  judge(message: LinkMessage, now: number): LinkVerdict {
    const { body } = message;
    if (body.kind === 'beat') for (const partition of body.partitions) this.#heard[partition] = now;
    const expected = (this.#numbers.get(message.dispatcher) ?? 0) + (body.kind === 'beat' ? 0 : 1);
    if (body.kind !== 'beat' && message.number < expected) return 'stale';
    this.#numbers.set(message.dispatcher, message.number);
    if (body.kind === 'events') {
      if (message.token < (this.#tokens.get(body.partition) ?? 0)) return 'stale';
      this.#tokens.set(body.partition, message.token);
    }
    return message.number === expected ? 'take' : 'gap';
  }

  /** No owner of the partition was heard for too long, though others may have been. */
  silent(partition: number, now: number): boolean {
    return now - this.#heard[partition]! > LINK_SILENCE_MS;
  }
}
