import { createECDH, randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

const ece = createRequire(import.meta.url)('http_ece') as { decrypt(body: Buffer, options: { version: string; privateKey: object; authSecret: string }): Buffer };

/** A push service on this machine, and the keys of the one browser that it serves: what the browser would decrypt is decrypted here. */
export class PushService {
  readonly heard: { headers: IncomingHttpHeaders; payload: string }[] = [];
  private readonly keys = createECDH('prime256v1');
  private readonly auth = randomBytes(16);
  readonly p256dh = this.keys.generateKeys('base64url');
  private constructor(private readonly server: Server, readonly origin: string) {}

  static async open(): Promise<PushService> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const payload = ece.decrypt(Buffer.concat(chunks), { version: 'aes128gcm', privateKey: service.keys, authSecret: service.auth.toString('base64url') }).toString();
        service.heard.push({ headers: request.headers, payload });
        response.writeHead(201).end();
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const service = new PushService(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return service;
  }

  /** What the page's `PushManager` answers in place of the browser's, which has no service to go to here. */
  get subscription(): { endpoint: string; keys: { p256dh: string; auth: string } } {
    return { endpoint: `${this.origin}/push/browser`, keys: { p256dh: this.p256dh, auth: this.auth.toString('base64url') } };
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((done) => void this.server.close(() => done()));
  }
}
