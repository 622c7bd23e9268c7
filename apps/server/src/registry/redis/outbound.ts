/** Gathered for one channel, more leaves at once. */
const GATHERED = 256 * 1024;

/**
 * Gathers what is published within one turn of the event loop: one message a channel and turn instead of one for each part,
 * in order. A thousand answers to a thousand questions are one message that way.
 */
export class Outbound {
  readonly #waiting = new Map<string, { parts: string[]; length: number }>();
  #turn: NodeJS.Immediate | null = null;

  /** `publish` gets the parts of one message; false: they are lost, which `lost` counts. */
  constructor(private readonly publish: (channel: string, parts: string[]) => boolean, private readonly lost: (parts: number) => void) {}

  send(channel: string, part: string): void {
    const waiting = this.#waiting.get(channel);
    if (waiting) {
      waiting.parts.push(part);
      if ((waiting.length += part.length) > GATHERED) this.#leave(channel, waiting.parts);
    } else if (part.length > GATHERED) this.#leave(channel, [part]);
    else this.#waiting.set(channel, { parts: [part], length: part.length });
    this.#turn ??= setImmediate(() => this.flush());
  }

  /** Sends what waits now. */
  flush(): void {
    if (this.#turn) clearImmediate(this.#turn);
    this.#turn = null;
    for (const [channel, { parts }] of [...this.#waiting]) this.#leave(channel, parts);
  }

  #leave(channel: string, parts: string[]): void {
    this.#waiting.delete(channel);
    if (!this.publish(channel, parts)) this.lost(parts.length);
  }
}
