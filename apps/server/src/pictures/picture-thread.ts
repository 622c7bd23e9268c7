import { parentPort } from 'node:worker_threads';
import sharp, { type Sharp } from 'sharp';
import { rgbaToThumbHash } from 'thumbhash';
import { MAX_PICTURE_PIXELS, pictureFormat, type Box, type Picture, type PictureMime } from './port.ts';

export interface ToPictureThread {
  bytes: Uint8Array;
  boxes: readonly Box[];
  seconds: number;
}
export type FromPictureThread = { pictures: Picture[] } | { refused: string };

// Only the readers of the formats we know may ever see a stranger's bytes: not those of SVG, PDF or TIFF.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: ['VipsForeignLoadJpeg', 'VipsForeignLoadPng', 'VipsForeignLoadNsgif', 'VipsForeignLoadWebp', 'VipsForeignLoadHeif'] });
sharp.cache(false);
sharp.concurrency(1);

const THUMBHASH_SIDE = 100;

function read(bytes: Uint8Array, animated: boolean, seconds: number): Sharp {
  // `failOn: 'error'` refuses what is cut off, but not what decoders merely complain about.
  return sharp(bytes, { failOn: 'error', limitInputPixels: MAX_PICTURE_PIXELS, limitInputChannels: 5, unlimited: false, animated, sequentialRead: true }).timeout({ seconds });
}

function encode(image: Sharp, mime: PictureMime, full: boolean): Sharp {
  if (mime === 'image/jpeg') return image.jpeg({ quality: full ? 90 : 80 });
  if (mime === 'image/png') return image.png({ compressionLevel: 6 });
  if (mime === 'image/gif') return image.gif({ effort: 3 });
  return image.webp({ quality: full ? 90 : 80, effort: 3 });
}

async function make(bytes: Uint8Array, box: Box, seconds: number): Promise<Picture> {
  const format = pictureFormat(bytes);
  if (!format) throw new Error('no picture of a kind read here');
  const same = box.format === 'same';
  const mime: PictureMime = same && format !== 'avif' ? `image/${format}` : 'image/webp';
  const upright = read(bytes, box.animated === true, seconds).rotate().resize({ width: box.maxWidth, height: box.maxHeight, fit: 'inside', withoutEnlargement: true });
  const { data, info } = await encode(upright, mime, same).toBuffer({ resolveWithObject: true });
  // Frames of an animation lie below each other.
  const height = info.pageHeight ?? info.height;
  return { bytes: data, mime, width: info.width, height, thumbhash: await thumbhash(data, seconds) };
}

async function thumbhash(bytes: Uint8Array, seconds: number): Promise<string> {
  const { data, info } = await read(bytes, false, seconds).resize({ width: THUMBHASH_SIDE, height: THUMBHASH_SIDE, fit: 'inside' }).toColourspace('srgb').ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return Buffer.from(rgbaToThumbHash(info.width, info.height, data)).toString('base64');
}

parentPort?.on('message', async ({ bytes, boxes, seconds }: ToPictureThread) => {
  try {
    const pictures: Picture[] = [];
    for (const box of boxes) pictures.push(await make(bytes, box, seconds));
    parentPort!.postMessage({ pictures } satisfies FromPictureThread);
  } catch (error) {
    parentPort!.postMessage({ refused: error instanceof Error ? error.message : String(error) } satisfies FromPictureThread);
  }
});
