import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import * as z from 'zod/mini';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.json': 'application/json', '.svg': 'image/svg+xml',
  '.png': 'image/png', '.webp': 'image/webp', '.ico': 'image/x-icon', '.woff2': 'font/woff2', '.webmanifest': 'application/manifest+json', '.txt': 'text/plain; charset=utf-8', '.wasm': 'application/wasm', '.mp3': 'audio/mpeg', '.ogg': 'audio/ogg',
};
const PACKED = new Set(['.html', '.js', '.css', '.json', '.svg', '.webmanifest', '.txt', '.wasm']);
/** Written by the build for the server, not for browsers. */
const PRIVATE = new Set(['/csp.json', '/index.html']);
const Policy = z.looseObject({ script_hashes: z.array(z.string()), nonce_placeholder: z.string() });

export interface WebFile {
  type: string;
  etag: string;
  /** Named by its content, so it never changes. */
  immutable: boolean;
  script: boolean;
  body(accepted: string): Promise<{ bytes: Buffer; coding: string | null }>;
}

/** What a build of the web client holds. Read once: a new build wants a new start. */
export interface WebFiles {
  /** The shell with this nonce in it. */
  shell(nonce: string): string;
  scriptHashes: readonly string[];
  /** By its path; nothing but what was listed at the start is ever opened. */
  file(path: string): WebFile | undefined;
}

/** Undefined when nothing was built. */
export function loadWebFiles(root: string): WebFiles | undefined {
  if (!existsSync(join(root, 'index.html'))) return undefined;
  const html = readFileSync(join(root, 'index.html'), 'utf8');
  const policy = existsSync(join(root, 'csp.json')) ? z.parse(Policy, JSON.parse(readFileSync(join(root, 'csp.json'), 'utf8'))) : { script_hashes: [], nonce_placeholder: '__CSP_NONCE__' };
  const files = new Map<string, WebFile>();
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const full = join(entry.parentPath, entry.name);
    const path = `/${relative(root, full).split(sep).join('/')}`;
    if (PRIVATE.has(path) || path.split('/').some((part) => part.startsWith('.')) || path.endsWith('.map')) continue;
    files.set(path, webFile(path, full));
  }
  return { shell: (nonce) => html.replaceAll(policy.nonce_placeholder, nonce), scriptHashes: policy.script_hashes, file: (path) => files.get(path) };
}

function webFile(path: string, full: string): WebFile {
  const extension = extname(path);
  const plain = readFileSync(full);
  const packed = new Map<string, Promise<Buffer>>();
  const pack = (coding: 'br' | 'gzip'): Promise<Buffer> => {
    let result = packed.get(coding);
    if (!result) packed.set(coding, (result = coding === 'br' ? promisify(brotliCompress)(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }) : promisify(gzip)(plain)));
    return result;
  };
  return {
    type: TYPES[extension] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`,
    immutable: path.startsWith('/assets/'),
    script: extension === '.js',
    async body(accepted) {
      const coding = !PACKED.has(extension) || plain.length < 1_024 ? null : /\bbr\b/.test(accepted) ? 'br' : /\bgzip\b/.test(accepted) ? 'gzip' : null;
      return { bytes: coding ? await pack(coding) : plain, coding };
    },
  };
}
