import { WebSocket } from 'ws';
import type { Call, InputOf, ResponseOf } from '@parley/shared/protocol/call';
import { Problem } from '@parley/shared/protocol/errors';
import { CLOSE } from '@parley/shared/protocol/frames';
import { API_PREFIX } from '@parley/shared/protocol/version';
import { parseAnswer, parseServerFrame } from '@parley/shared/sync/parse';
import type { Outcome, Socket, SocketObserver, Transport } from '@parley/shared/sync/ports';

const CALL_TIMEOUT_MS = 15_000;

/** The wire of a device to a real server. It can be cut, and counts what came of its calls. */
export class NodeTransport implements Transport {
  readonly #sockets = new Set<WebSocket>();
  #dead = false;

  /** @param address where the server is, asked anew for each call and connection. */
  constructor(private readonly address: () => string, private readonly token: string) {}

  /** Open sockets break, as when a network goes. */
  cut(): void { for (const socket of this.#sockets) socket.terminate(); }

  /** Nobody hears it from now on. */
  die(): void {
    this.#dead = true;
    this.cut();
  }

  async call<C extends Call>(call: C, input: InputOf<C>, options: { idempotencyKey?: string } = {}): Promise<Outcome<ResponseOf<C>>> {
    const post = call.method !== 'GET';
    const fields = { ...(input as Record<string, unknown>) };
    const path = call.path.replace(/\{(\w+)\}/g, (_all, name: string) => {
      const value = fields[name];
      delete fields[name];
      return encodeURIComponent(String(value));
    });
    const query = post ? '' : `?${new URLSearchParams(Object.entries(fields).filter(([, v]) => v !== undefined && v !== null).map(([k, v]): [string, string] => [k, String(v)]))}`;
    try {
      const response = await fetch(`${this.address()}${API_PREFIX}/${path}${query}`, {
        method: call.method, signal: AbortSignal.timeout(CALL_TIMEOUT_MS), ...(post && { body: JSON.stringify(fields) }),
        headers: { authorization: `Bearer ${this.token}`, ...(post && { 'content-type': 'application/json' }), ...(options.idempotencyKey !== undefined && { 'idempotency-key': options.idempotencyKey }) },
      });
      const text = await response.text();
      const json: unknown = text === '' || !response.headers.get('content-type')?.includes('json') ? undefined : JSON.parse(text);
      if (response.ok) {
        const answer = parseAnswer(call, json);
        if (!answer) throw new Error(`${call.path} was answered with what its schema refuses: ${text.slice(0, 500)}`);
        return { kind: 'ok', status: response.status, value: answer.value };
      }
      const problem = Problem.safeParse(json);
      if (!problem.success) return { kind: 'unreached', reason: `${call.path} was answered ${response.status} by something else than the server` };
      const seconds = Number(response.headers.get('retry-after') ?? NaN);
      return { kind: 'problem', problem: problem.data, retryAfterMs: problem.data.retry_after_ms ?? (Number.isFinite(seconds) ? seconds * 1_000 : null) };
    } catch (error) {
      return { kind: 'unreached', reason: error instanceof Error ? error.message : String(error) };
    }
  }

  connect(events: SocketObserver): Socket {
    const socket = new WebSocket(`${this.address().replace(/^http/, 'ws')}${API_PREFIX}/connect`);
    this.#sockets.add(socket);
    let ended = false;
    const end = (code: number, reason: string): void => {
      this.#sockets.delete(socket);
      if (ended) return;
      ended = true;
      if (!this.#dead) events.closed(code, reason);
    };
    socket.on('open', () => {
      if (!ended && !this.#dead) events.opened();
    });
    socket.on('error', () => end(1006, ''));
    socket.on('close', (code, reason) => end(code, reason.toString()));
    socket.on('message', (data) => {
      if (ended || this.#dead) return;
      const frame = parseServerFrame(JSON.parse((data as Buffer).toString()));
      if (frame) return events.frame(frame);
      socket.terminate();
      end(CLOSE.bad_frame, 'a frame that does not fit');
    });
    return {
      send: (frame) => {
        if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
      },
      close: () => {
        ended = true;
        socket.close();
      },
    };
  }
}
