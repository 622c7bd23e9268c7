import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { ParleyError } from '@parley/shared/protocol/errors';
import { API_PREFIX } from '@parley/shared/protocol/version';
import { LIMITS } from '@parley/shared/protocol/limits';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Deps } from '../platform/deps.ts';
import { noGateway, type Gateway, type SocketEvents, type SocketLink } from '../realtime/link.ts';
import { FrameEncoder } from './frame-encoder.ts';
import type { LoadMonitor } from './load-monitor.ts';
import { addressReader } from './peer.ts';
import { problemResponse } from './problem.ts';
import { cookieValue, SESSION_COOKIE } from './session.ts';

/** A peer that neither spoke nor answered a ping for two of these is gone. */
const PING_MS = 30_000;

/**
 * Carries `/api/v1/connect` of an HTTP server to the gateway. The session cookie counts only with an allowed Origin,
 * since browsers send it with any page's connection.
 */
export function attachWebSockets(server: Server, deps: Pick<Deps, 'config' | 'logger' | 'clock'>, gateway: Gateway, load?: Pick<LoadMonitor, 'turnAway' | 'refuse'>): { close(): void } {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: LIMITS.hello_bytes, perMessageDeflate: false, clientTracking: false });
  const encoder = new FrameEncoder();
  const links = new Set<WebSocketLink>();
  const addressOf = addressReader(deps.config.trustedProxies);

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const path = request.url?.split('?', 1)[0];
    if (path !== `${API_PREFIX}/connect`) return void socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    // Before anything is read or made for it: a storm of reconnections costs a line each.
    const wait = gateway === noGateway ? 1 : (load?.turnAway('socket') ?? (gateway.crowded() ? (load?.refuse('socket', 'openings') ?? 1) : null));
    if (wait !== null) return void socket.end(unavailable(wait));
    const { origin, cookie } = request.headers;
    const cookieToken = origin !== undefined && deps.config.origins.includes(origin) ? (cookieValue(cookie, SESSION_COOKIE) ?? null) : null;
    const address = addressOf(request);
    sockets.handleUpgrade(request, socket, head, (ws) => {
      const link = new WebSocketLink(ws, socket, encoder, () => links.delete(link));
      links.add(link);
      link.start(gateway.accept(link, { address, cookieToken }));
    });
  };
  server.on('upgrade', upgrade);

  let timer = deps.clock.setTimer(PING_MS, ping);
  function ping(): void {
    for (const link of links) link.ping();
    timer = deps.clock.setTimer(PING_MS, ping);
  }

  return {
    close() {
      timer.cancel();
      server.off('upgrade', upgrade);
      for (const link of links) link.terminate();
    },
  };
}

/** The answer to an upgrade that has to come again later, or elsewhere. */
function unavailable(seconds: number): string {
  const { headers, body } = problemResponse(new ParleyError('unavailable', 'no sockets are taken here right now', { retry_after_ms: seconds * 1_000 }));
  const text = JSON.stringify(body);
  return ['HTTP/1.1 503 Service Unavailable', 'Connection: close', ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), `Content-Length: ${Buffer.byteLength(text)}`, '', text].join('\r\n');
}

/**
 * Frames are encoded once for all sockets and written straight to the connection: without compression a frame is its
 * header and its text, and nothing of the library's own is ever half written.
 */
class WebSocketLink implements SocketLink {
  #alive = true;
  #waiting: { bytes: number; then: () => void }[] | null = null;

  constructor(private readonly ws: WebSocket, private readonly socket: Duplex, private readonly encoder: FrameEncoder, private readonly gone: () => void) {}

  start(events: SocketEvents): void {
    this.ws.on('message', (data, binary) => {
      this.#alive = true;
      // The protocol is text: an empty one is no frame, and the gateway answers it so.
      events.message(binary ? '' : (data as Buffer).toString());
    });
    this.ws.on('pong', () => {
      this.#alive = true;
    });
    this.ws.on('error', () => this.ws.terminate());
    this.ws.on('close', () => {
      this.gone();
      events.closed();
      this.#drained(true);
    });
  }

  send(frame: string): void {
    if (this.ws.readyState === this.ws.OPEN) this.socket.write(this.encoder.one(frame));
  }

  sendMany(frames: readonly string[]): void {
    if (frames.length > 0 && this.ws.readyState === this.ws.OPEN) this.socket.write(this.encoder.many(frames));
  }

  buffered(): number {
    return this.socket.writableLength;
  }

  whenBelow(bytes: number, then: () => void): void {
    if (this.socket.writableLength < bytes || this.socket.destroyed) return void setImmediate(then);
    if (this.#waiting) return void this.#waiting.push({ bytes, then });
    this.#waiting = [{ bytes, then }];
    this.socket.on('drain', this.#onDrain);
  }

  close(code: number, reason: string): void {
    this.ws.close(code, reason);
  }

  ping(): void {
    if (!this.#alive) return this.ws.terminate();
    this.#alive = false;
    if (this.ws.readyState === this.ws.OPEN) this.ws.ping();
  }

  terminate(): void {
    this.ws.terminate();
  }

  readonly #onDrain = (): void => this.#drained(false);

  #drained(all: boolean): void {
    if (!this.#waiting) return;
    const below = this.#waiting.filter((w) => all || this.socket.writableLength < w.bytes);
    const rest = this.#waiting.filter((w) => !below.includes(w));
    this.#waiting = rest.length > 0 ? rest : null;
    if (!this.#waiting) this.socket.off('drain', this.#onDrain);
    for (const { then } of below) then();
  }
}
