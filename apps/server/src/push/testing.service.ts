import { createECDH, randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { parseAllowList } from '../egress/allow-list.ts';
import { createEgress } from '../egress/http-egress.ts';
import type { Egress } from '../egress/port.ts';
import type { PushTarget } from './port.ts';

const ece = createRequire(import.meta.url)('http_ece') as { decrypt(body: Buffer, options: { version: string; privateKey: object; authSecret: string }): Buffer };

export interface Heard { path: string; headers: IncomingHttpHeaders; body: Buffer }

/** A service on this machine that hears requests and answers as it is told. */
export class LocalService {
  readonly heard: Heard[] = [];
  answer: (request: Heard, response: ServerResponse) => void = (_request, response) => void response.writeHead(201).end();
  private constructor(private readonly server: Server, readonly origin: string, readonly egress: Egress) {}

  static async open(): Promise<LocalService> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const heard = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) };
        service.heard.push(heard);
        service.answer(heard, response);
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const service = new LocalService(server, `http://127.0.0.1:${port}`, createEgress(parseAllowList([`127.0.0.1:${port}`])));
    return service;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}

/** A browser that subscribed: it alone can read what it is told. */
export class Browser {
  private readonly keys = createECDH('prime256v1');
  private readonly auth = randomBytes(16);
  readonly target: Extract<PushTarget, { kind: 'web' }>;

  constructor(origin: string, name = 'one') {
    this.target = { kind: 'web', endpoint: `${origin}/push/${name}`, p256dh: this.keys.generateKeys('base64url'), auth: this.auth.toString('base64url') };
  }

  /** What `/push_subscribe` takes. */
  get subscription() {
    return { kind: 'web' as const, endpoint: this.target.endpoint, keys: { p256dh: this.target.p256dh, auth: this.target.auth } };
  }

  /** By another implementation of RFC 8188 and 8291 than the one that wrote it. */
  read(body: Buffer): unknown {
    return JSON.parse(ece.decrypt(body, { version: 'aes128gcm', privateKey: this.keys, authSecret: this.auth.toString('base64url') }).toString());
  }
}
