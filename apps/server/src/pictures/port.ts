/** The box a picture has to fit in. It is made smaller when need be, never larger. */
export interface Box {
  readonly maxWidth: number;
  readonly maxHeight: number;
  /** `webp` (default), or `same`: the format it came in, at full quality; AVIF becomes WebP. */
  readonly format?: 'webp' | 'same';
  /** Keeps the frames of an animation; otherwise the first one stands for it. */
  readonly animated?: boolean;
}

/** A picture made anew from its pixels: upright, in sRGB, without metadata or anything appended. */
export interface Picture {
  readonly bytes: Uint8Array;
  readonly mime: PictureMime;
  readonly width: number;
  readonly height: number;
  /** A ThumbHash of it, in Base64. */
  readonly thumbhash: string;
}

export type PictureMime = 'image/jpeg' | 'image/png' | 'image/webp' | 'image/gif';

/** At most so many bytes of a picture are looked at. */
export const MAX_PICTURE_BYTES = 50 * 1024 * 1024;
/** At most so many pixels, all frames together: what a decompression bomb would exceed. */
export const MAX_PICTURE_PIXELS = 50_000_000;

/**
 * Reads pictures of strangers and writes them anew, off the event loop. Nothing it is given can end the process, hold
 * it up or use more than a bounded part of it: bytes, pixels, time and the number of those waiting have limits.
 * It knows JPEG, PNG, GIF, WebP and AVIF, by their bytes; SVG and all else is no picture.
 */
export interface Pictures {
  /** @throws NotAPicture for what is none, is broken, or exceeds a limit; `unavailable` when too many wait */
  reencode(bytes: Uint8Array, box: Box): Promise<Picture>;
  /** The same picture in several sizes; all or none. @throws as `reencode` */
  sizes(bytes: Uint8Array, boxes: readonly Box[]): Promise<Picture[]>;
  /** Ends the threads; what is under way is refused. */
  close(): Promise<void>;
}

export class NotAPicture extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'NotAPicture';
  }
}

type Format = 'jpeg' | 'png' | 'gif' | 'webp' | 'avif';

const ascii = (bytes: Uint8Array, from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));

/** What the first bytes say it is, of the formats read here. */
export function pictureFormat(bytes: Uint8Array): Format | null {
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'jpeg';
  if (ascii(bytes, 0, 8) === '\x89PNG\r\n\x1a\n') return 'png';
  if (ascii(bytes, 0, 6) === 'GIF87a' || ascii(bytes, 0, 6) === 'GIF89a') return 'gif';
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'WEBP') return 'webp';
  if (ascii(bytes, 4, 8) === 'ftyp' && ['avif', 'avis'].includes(ascii(bytes, 8, 12))) return 'avif';
  return null;
}

/** For worlds in which nobody shows pictures: nothing is one. */
export const noPictures: Pictures = {
  reencode: async () => { throw new NotAPicture('no pictures here'); },
  sizes: async () => { throw new NotAPicture('no pictures here'); },
  close: async () => undefined,
};
