import { LINK_SILENCE_MS, type LinkMessage } from '../registry/port.ts';

/** What a link message means for the link: a `gap` says that something before it was lost. */
export type LinkVerdict = 'take' | 'gap' | 'stale';

/** A gateway's view of its links: numbers without holes, fencing tokens that never fall, beats. */
export class LinkMonitor {
  readonly #numbers = new Map<string, number>();
  readonly #tokens = new Map<number, number>();
  #heard: number;

  constructor(now: number) {
    this.#heard = now;
  }

  judge(message: LinkMessage, now: number): LinkVerdict {
    this.#heard = now;
    const { body } = message;
    const expected = (this.#numbers.get(message.dispatcher) ?? 0) + (body.kind === 'beat' ? 0 : 1);
    if (body.kind !== 'beat' && message.number < expected) return 'stale';
    this.#numbers.set(message.dispatcher, message.number);
    if (body.kind === 'events') {
      if (message.token < (this.#tokens.get(body.partition) ?? 0)) return 'stale';
      this.#tokens.set(body.partition, message.token);
    }
    return message.number === expected ? 'take' : 'gap';
  }

  /** No dispatcher was heard for too long. */
  silent(now: number): boolean {
    return now - this.#heard > LINK_SILENCE_MS;
  }
}
