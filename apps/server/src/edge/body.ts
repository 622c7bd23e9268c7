import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { ParleyError } from '@parley/shared/protocol/errors';
import { LIMITS } from '@parley/shared/protocol/limits';
import { invalid } from './parse.ts';

/** Reads a JSON body. @throws ParleyError `unsupported_media_type`, `too_large` or `invalid_request`. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const type = request.headers['content-type'];
  const length = request.headers['content-length'];
  const empty = length === '0' || (length === undefined && request.headers['transfer-encoding'] === undefined);
  if (empty) return undefined;
  if (!isJson(type)) throw new ParleyError('unsupported_media_type', 'the body has to be application/json in UTF-8');
  const coding = request.headers['content-encoding'];
  if (coding !== undefined && coding !== 'identity') throw new ParleyError('unsupported_media_type', 'encoded bodies are not taken');
  if (Number(length) > LIMITS.request_bytes) throw tooLarge();
  const bytes = await readAll(request);
  if (bytes.length === 0) return undefined;
  if (!isUtf8(bytes)) throw invalid([{ path: '', message: 'not UTF-8' }]);
  try {
    return JSON.parse(bytes.toString()) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) throw invalid([{ path: '', message: 'not JSON' }]);
    throw error;
  }
}

function readAll(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const stop = (error: unknown) => {
      request.off('data', onData);
      request.resume();
      reject(error as Error);
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > LIMITS.request_bytes) stop(tooLarge());
      else chunks.push(chunk);
    };
    request.on('data', onData);
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    request.on('error', () => stop(invalid([{ path: '', message: 'the body ended early' }])));
    request.on('close', () => stop(invalid([{ path: '', message: 'the body ended early' }])));
  });
}

const tooLarge = () => new ParleyError('too_large', `at most ${LIMITS.request_bytes} bytes`);

function isJson(type: string | undefined): boolean {
  if (type === undefined) return false;
  if (type === 'application/json') return true;
  const [mime, ...parameters] = type.toLowerCase().split(';').map((part) => part.trim());
  return mime === 'application/json' && parameters.every((p) => !p.startsWith('charset=') || /^charset="?utf-?8"?$/.test(p));
}
