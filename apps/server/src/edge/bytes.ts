import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** An answer that is not JSON: what a route returns as its reply's body. */
export class Bytes {
  /** `open` begins reading when the carrier is ready to send, and is not called for HEAD; null: there is nothing to read. */
  constructor(readonly status: number, readonly headers: Readonly<Record<string, string>>, readonly length: number, readonly open: (() => Promise<Readable>) | null) {}
}

/**
 * Sends them as fast as the peer takes them, and stops reading when it goes away. Rejects only before the first byte;
 * what breaks afterwards ends the connection, so that nobody takes half of it for the whole.
 */
export async function sendBytes(request: IncomingMessage, response: ServerResponse, bytes: Bytes, extra: Record<string, string>): Promise<void> {
  const bare = bytes.open === null || request.method === 'HEAD';
  const stream = bare ? null : await bytes.open();
  if (response.destroyed) return void stream?.destroy();
  response.writeHead(bytes.status, { ...bytes.headers, ...extra, ...(bytes.status === 304 ? {} : { 'content-length': bytes.length }) });
  if (!stream) return void response.end();
  await pipeline(stream, response).catch(() => void response.destroy());
}
