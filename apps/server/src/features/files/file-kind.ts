import { fileTypeFromBuffer, supportedMimeTypes } from 'file-type';
import { ParleyError } from '@parley/shared/protocol/errors';

/** So many first bytes tell what a file is. */
export const HEAD_BYTES = 65_536;
export const UNKNOWN_TYPE = 'application/octet-stream';

/** Pictures that are made anew. */
const PICTURES = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/avif', 'image/apng']);
const RASTERS = new Set([...PICTURES, 'image/jpg', 'image/pjpeg', 'image/apng', 'image/bmp', 'image/x-ms-bmp', 'image/tiff', 'image/heic', 'image/heif', 'image/jxl', 'image/x-icon', 'image/vnd.microsoft.icon']);
/** What the bytes show of many finer types: then the declared one may be more exact. */
const GENERIC = new Set(['application/zip', 'application/x-cfb', 'application/xml', 'text/xml', 'application/gzip', 'video/mp4', 'video/quicktime', 'video/webm', 'video/x-matroska', 'audio/ogg', 'video/ogg', 'application/ogg', 'image/tiff', 'application/x-tar']);
const MIME = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;

/** The type as somebody wrote it, without parameters; unknown for what is none. */
export function plainMime(declared: string | undefined): string {
  const mime = (declared ?? '').split(';', 1)[0]!.trim().toLowerCase();
  return MIME.test(mime) ? mime : UNKNOWN_TYPE;
}

/**
 * What a file is, by its first bytes and what its uploader says. Bytes that can be recognised decide; of the others the
 * uploader's word is taken for what has no mark of its own, such as text.
 * @throws ParleyError `unsupported_media_type` for a declared picture of dots that is none
 */
export async function kindOf(head: Uint8Array, declaredAs: string): Promise<{ mime: string; picture: boolean }> {
  const declared = plainMime(declaredAs);
  // It reads no further than the head, and what it fails on is not known.
  const found = (await fileTypeFromBuffer(head).catch(() => undefined))?.mime;
  if (RASTERS.has(declared) && found?.startsWith('image/') !== true) throw new ParleyError('unsupported_media_type', `the bytes are not ${declared}`);
  if (found === undefined) {
    const marked = (supportedMimeTypes as ReadonlySet<string>).has(declared);
    const binary = declared.startsWith('text/') && head.includes(0);
    return { mime: marked || binary ? UNKNOWN_TYPE : declared, picture: false };
  }
  const mime = GENERIC.has(found) && declared !== UNKNOWN_TYPE && !RASTERS.has(declared) ? declared : found;
  return { mime, picture: PICTURES.has(found) };
}
