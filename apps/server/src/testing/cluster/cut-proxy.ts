import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** `up`: from whoever connects to the target; `down`: back. */
export type Direction = 'up' | 'down';

interface Pair {
  near: Socket;
  far: Socket;
  /** Directions that lost something. */
  spoilt: Set<Direction>;
}

/**
 * A wire that can be broken. `hold` is a partition: bytes of that direction wait, nobody is told, and arrive when it heals.
 * `swallow` loses them for good, so these connections end when it heals. `cut` breaks all connections; `refuse` lets none in.
 */
export class CutProxy {
  readonly #pairs = new Set<Pair>();
  readonly #held = new Set<Direction>();
  readonly #swallowed = new Set<Direction>();
  readonly #server = createServer({ pauseOnConnect: true }, (near) => this.#take(near));
  #refusing = false;
  #closed = false;

  private constructor(private readonly target: number) {}

  static async open(target: number): Promise<CutProxy> {
    const proxy = new CutProxy(target);
    await new Promise<void>((resolve, reject) => proxy.#server.once('error', reject).listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number { return (this.#server.address() as AddressInfo).port; }
  get connections(): number { return this.#pairs.size; }

  hold(...directions: Direction[]): void {
    for (const direction of directions) this.#held.add(direction);
    this.#flow();
  }

  swallow(...directions: Direction[]): void {
    for (const direction of directions) this.#swallowed.add(direction);
  }

  refuse(): void { this.#refusing = true; }

  /** All is well again. */
  heal(): void {
    this.#refusing = false;
    this.#held.clear();
    this.#swallowed.clear();
    for (const pair of [...this.#pairs]) if (pair.spoilt.size > 0) this.#end(pair);
    this.#flow();
  }

  cut(): void {
    for (const pair of [...this.#pairs]) this.#end(pair);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }

  #take(near: Socket): void {
    if (this.#refusing) return void near.destroy();
    const far = connect({ port: this.target, host: '127.0.0.1', noDelay: true });
    near.setNoDelay(true);
    const pair: Pair = { near, far, spoilt: new Set() };
    this.#pairs.add(pair);
    const pump = (direction: Direction, from: Socket, to: Socket): void => {
      from.on('data', (chunk: Buffer) => {
        // Behind a hole nothing of that direction makes sense any more.
        if (this.#swallowed.has(direction)) pair.spoilt.add(direction);
        else if (!pair.spoilt.has(direction) && !to.write(chunk)) from.pause();
      });
      to.on('drain', () => {
        if (!this.#held.has(direction)) from.resume();
      });
    };
    pump('up', near, far);
    pump('down', far, near);
    const passEnd = (direction: Direction, from: Socket, to: Socket): void => {
      from.on('error', () => from.destroy());
      // What is on its way still arrives; an end in a swallowed direction is as lost as all else.
      from.on('close', () => {
        if (!this.#swallowed.has(direction) && !pair.spoilt.has(direction)) to.end();
        if (to.destroyed) this.#pairs.delete(pair);
      });
    };
    passEnd('up', near, far);
    passEnd('down', far, near);
    far.once('connect', () => this.#flow());
  }

  #flow(): void {
    for (const { near, far } of this.#pairs)
      for (const [direction, socket] of [['up', near], ['down', far]] as const) {
        if (this.#held.has(direction)) socket.pause();
        else socket.resume();
      }
  }

  #end(pair: Pair): void {
    this.#pairs.delete(pair);
    pair.near.destroy();
    pair.far.destroy();
  }
}
