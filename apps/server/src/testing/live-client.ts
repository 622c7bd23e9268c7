import { once } from 'node:events';
import { WebSocket } from 'ws';

export type Frame = { type: string } & Record<string, unknown>;
export interface Live extends Frame { stream: string; from: number; rev: number; entities: { type: string; id: string; seq?: number; content?: string }[] }

/** A client of a real socket that keeps every frame and waits for one. */
export class LiveClient {
  readonly frames: Frame[] = [];
  readonly closed: Promise<number>;
  #waiting: (() => void)[] = [];

  private constructor(readonly socket: WebSocket) {
    this.closed = new Promise((resolve) => socket.once('close', (code) => resolve(code)));
    socket.on('error', () => undefined); // `close` says it.
    socket.on('message', (data) => {
      this.frames.push(JSON.parse((data as Buffer).toString()) as Frame);
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  /** Resolves when the server has said where the streams stand. */
  static async connect(url: string, token: string, hello: { cursors?: Record<string, number>; looking_at?: string[]; protocol?: number } = {}): Promise<LiveClient> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/connect`);
    const client = new LiveClient(socket);
    await Promise.race([once(socket, 'open'), client.closed.then((code) => Promise.reject(new Error(`closed with ${code}`)))]);
    socket.send(JSON.stringify({ type: 'hello', token, cursors: {}, ...hello }));
    await client.frame((f) => f.type === 'heads');
    return client;
  }

  async frame<F extends Frame>(test: (frame: F) => boolean): Promise<F> {
    for (;;) {
      const found = this.frames.find((f) => test(f as F));
      if (found) return found as F;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  says(content: string): Promise<Live> {
    return this.frame<Live>((f) => f.type === 'live' && f.entities.some((e) => e.content === content));
  }

  /** Resolves when a frame has told of this message of a channel, itself or as a head to be fetched: all that the wire promises. */
  async told(stream: string, seq: number): Promise<void> {
    await this.frame((f) => {
      if (f.type === 'head') return f['stream'] === stream && (f['head_seq'] as number) >= seq;
      if (f.type === 'heads') return ((f['streams'] as Record<string, [number, number]>)[stream]?.[1] ?? 0) >= seq;
      return f.type === 'live' && f['stream'] === stream && (f as Live).entities.some((e) => e.type === 'message' && (e.seq ?? 0) >= seq);
    });
  }

  /** The texts of a stream's live messages, in the order they came. */
  texts(stream: string): string[] {
    return this.frames.filter((f): f is Live => f.type === 'live' && f['stream'] === stream).flatMap((f) => f.entities.filter((e) => e.type === 'message').map((e) => e.content ?? ''));
  }

  close(): void {
    this.socket.terminate();
  }
}
