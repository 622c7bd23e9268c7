import type { Call, InputOf, ResponseOf } from '@parley/shared/protocol/call';
import { Problem } from '@parley/shared/protocol/errors';
import { CLOSE } from '@parley/shared/protocol/frames';
import { API_PREFIX } from '@parley/shared/protocol/version';
import { parseAnswer, parseServerFrame } from '@parley/shared/sync/parse';
import type { Outcome, Socket, SocketObserver, Transport } from '@parley/shared/sync/ports';

const CALL_TIMEOUT_MS = 30_000;

/** Path and, for a GET, query of a call; fields named in the path go there. */
function addressOf(call: Call, input: Record<string, unknown>): string {
  const rest = { ...input };
  const path = call.path.replace(/\{(\w+)\}/g, (_all, name: string) => {
    const value = rest[name];
    delete rest[name];
    return encodeURIComponent(String(value));
  });
  if (call.method !== 'GET') return `${API_PREFIX}/${path}`;
  const query = new URLSearchParams(Object.entries(rest).filter(([, v]) => v !== undefined && v !== null).map(([k, v]) => [k, String(v)])).toString();
  return `${API_PREFIX}/${path}${query ? `?${query}` : ''}`;
}

/** The wire of a browser: fetch and WebSocket to the page's own origin, with the session cookie. */
export class WebTransport implements Transport {
  constructor(private readonly host: { fetch: typeof fetch; socket: (url: string) => WebSocket; origin: string } = { fetch: (...args) => fetch(...args), socket: (url) => new WebSocket(url), origin: location.origin }) {}

  async call<C extends Call>(call: C, input: InputOf<C>, options: { idempotencyKey?: string } = {}): Promise<Outcome<ResponseOf<C>>> {
    const post = call.method !== 'GET';
    try {
      const response = await this.host.fetch(addressOf(call, input as Record<string, unknown>), {
        method: call.method, credentials: 'same-origin', cache: 'no-store', signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
        headers: { ...(post && { 'content-type': 'application/json' }), ...(options.idempotencyKey !== undefined && { 'idempotency-key': options.idempotencyKey }) },
        ...(post && { body: JSON.stringify(input) }),
      });
      const text = await response.text();
      const json: unknown = text === '' ? undefined : JSON.parse(text);
      if (response.ok) {
        const answer = parseAnswer(call, json);
        return answer ? { kind: 'ok', status: response.status, value: answer.value } : { kind: 'unreached', reason: `${call.path} was answered with something else` };
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
    const socket = this.host.socket(`${this.host.origin.replace(/^http/, 'ws')}${API_PREFIX}/connect`);
    let ended = false;
    const end = (code: number, reason: string): void => {
      if (ended) return;
      ended = true;
      events.closed(code, reason);
    };
    socket.onopen = () => events.opened();
    socket.onclose = (event) => end(event.code, event.reason);
    socket.onmessage = (event) => {
      if (ended) return;
      let frame;
      try {
        frame = parseServerFrame(JSON.parse(String(event.data)));
      } catch {
        frame = undefined;
      }
      if (frame) return events.frame(frame);
      // What cannot be read may have been anything: the next connection asks again from the cursors.
      socket.close();
      end(CLOSE.bad_frame, 'a frame that does not fit');
    };
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
