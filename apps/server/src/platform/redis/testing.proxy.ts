import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * A TCP proxy of a test's own that can swallow what flows in one direction, or both, while connections stay open. A
 * connection that lost something stays silent in that direction for good, since TCP never goes on behind a hole.
 */
export class TestProxy {
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #swallowed: { up: boolean; down: boolean } = { up: false, down: false };

  private constructor(private readonly server: Server, private target: number) {}

  static async start(target: number): Promise<TestProxy> {
    const server = createServer();
    const proxy = new TestProxy(server, target);
    server.on('connection', (client) => proxy.#take(client));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** `up`: what clients say is lost; `down`: what they are told. */
  swallow(up: boolean, down: boolean): void {
    this.#swallowed = { up, down };
  }

  /** Connections end; new ones reach another server. */
  turnTo(target: number): void {
    this.target = target;
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
    await closed;
  }

  #take(client: Socket): void {
    const server = connect(this.target, '127.0.0.1');
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    const end = (): void => {
      this.#pairs.delete(pair);
      for (const socket of pair) socket.destroy();
    };
    for (const socket of pair) socket.on('close', end).on('error', end);
    const silent = { up: false, down: false };
    client.on('data', (data) => (silent.up ||= this.#swallowed.up) || server.write(data));
    server.on('data', (data) => (silent.down ||= this.#swallowed.down) || client.write(data));
  }
}
