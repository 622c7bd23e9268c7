import { ParleyError } from '@parley/shared/protocol/errors';
import { Bytes } from '../../edge/bytes.ts';
import { NoSuchBlob, type ByteRange, type Files } from '../../files/port.ts';
import { noSuchFile } from './file-rows.ts';

export interface Served {
  hash: string;
  mime: string;
  name: string;
  /** Made anew from its pixels: only then it may be shown in place. */
  inline: boolean;
}
export interface Asked {
  range: string | undefined;
  if_range: string | undefined;
  if_none_match: string | undefined;
}

/** Bytes under an address never change, and belong to whom they were answered. */
const CACHE = 'private, max-age=86400, immutable';

/** The answer to a request for bytes: all, a range, or that nothing has changed. @throws ParleyError when the bytes are gone */
export async function serveBytes(files: Files, served: Served, asked: Asked): Promise<Bytes> {
  const size = await files.size(served.hash);
  if (size === null) throw new ParleyError('internal', `the bytes of ${served.name} are missing`);
  const etag = `"${served.hash}"`;
  const headers: Record<string, string> = {
    etag, 'cache-control': CACHE, vary: 'authorization, cookie', 'accept-ranges': 'bytes',
    // Whatever it is, it does nothing in a browser: no scripts, no frames, no other type than this.
    'x-content-type-options': 'nosniff', 'content-security-policy': "sandbox; default-src 'none'", 'cross-origin-resource-policy': 'same-origin',
  };
  if (matches(asked.if_none_match, etag)) return new Bytes(304, headers, 0, null);
  headers['content-type'] = served.mime;
  headers['content-disposition'] = disposition(served.inline ? 'inline' : 'attachment', served.name);
  const open = (part?: ByteRange) => files.read(served.hash, part).catch((error: unknown) => {
    // Collected since the caller was let in.
    throw error instanceof NoSuchBlob ? noSuchFile() : error;
  });
  const range = asked.if_range === undefined || asked.if_range === etag ? rangeOf(asked.range, size) : 'all';
  if (range === 'none') return new Bytes(416, { etag, 'content-range': `bytes */${size}`, 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' }, 0, null);
  if (range === 'all') return new Bytes(200, headers, size, () => open());
  headers['content-range'] = `bytes ${range.start}-${range.end}/${size}`;
  return new Bytes(206, headers, range.end - range.start + 1, () => open(range));
}

const matches = (header: string | undefined, etag: string): boolean => header !== undefined && (header.trim() === '*' || header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag));

/** Several ranges at once are answered with everything, as RFC 9110 allows; so is what is no range. `none`: outside. */
export function rangeOf(header: string | undefined, size: number): ByteRange | 'all' | 'none' {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec((header ?? '').replace(/\s/g, ''));
  if (!match || (match[1] === '' && match[2] === '')) return 'all';
  if (match[1] === '') {
    const last = Number(match[2]);
    return last === 0 || size === 0 ? 'none' : { start: Math.max(0, size - last), end: size - 1 };
  }
  const start = Number(match[1]);
  if (match[2] !== '' && Number(match[2]) < start) return 'all';
  return start >= size ? 'none' : { start, end: match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1) };
}

/** RFC 6266: the name in ASCII for old programs, and whole for all others. */
export function disposition(kind: 'inline' | 'attachment', name: string): string {
  const whole = name.replace(/\p{Surrogate}/gu, '\ufffd');
  const ascii = whole.normalize('NFKD').replace(/[^\x20-\x7e]/g, '_').replace(/["\\%]/g, '_');
  const encoded = encodeURIComponent(whole).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return `${kind}; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
