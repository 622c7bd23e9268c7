import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import * as fc from 'fast-check';
import { thumbHashToApproximateAspectRatio } from 'thumbhash';
import { afterAll, expect, it } from 'vitest';
import { MAX_PICTURE_BYTES, NotAPicture } from './port.ts';
import { SharpPictures } from './sharp-pictures.ts';

const pictures = new SharpPictures();
afterAll(() => pictures.close());

const BOX = { maxWidth: 720, maxHeight: 640 };
const flat = (width: number, height: number) => sharp({ create: { width, height, channels: 3, background: '#c05020' } });

function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
/** A PNG that says it is so large and holds a fraction of that. */
function bomb(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([1, 0], 8);
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), pngChunk('IHDR', header), pngChunk('IDAT', deflateSync(Buffer.alloc(1_000_000))), pngChunk('IEND', Buffer.alloc(0))]);
}

it('makes a picture anew: upright, fitting, without metadata, with the hash of what it looks like', async () => {
  const input = await flat(1_000, 500).withExif({ IFD3: { GPSLatitude: '48/1 8/1 0/1' } }).withMetadata({ orientation: 6 }).jpeg().toBuffer();
  expect((await sharp(input).metadata()).exif).toBeDefined();
  const made = await pictures.reencode(input, BOX);
  expect([made.mime, made.width, made.height]).toEqual(['image/webp', 320, 640]);
  const metadata = await sharp(made.bytes).metadata();
  expect([metadata.width, metadata.height, metadata.exif, metadata.orientation, metadata.icc]).toEqual([320, 640, undefined, undefined, undefined]);
  expect(thumbHashToApproximateAspectRatio(Buffer.from(made.thumbhash, 'base64'))).toBeCloseTo(0.5, 0);
});

it('never makes one larger, and keeps the format where that is asked for', async () => {
  for (const format of ['jpeg', 'png', 'webp', 'gif'] as const) {
    const made = await pictures.reencode(await flat(20, 10).toFormat(format).toBuffer(), { ...BOX, format: 'same' });
    expect([made.mime, made.width, made.height, (await sharp(made.bytes).metadata()).format]).toEqual([`image/${format}`, 20, 10, format]);
  }
  expect((await pictures.reencode(await flat(20, 10).avif().toBuffer(), { ...BOX, format: 'same' })).mime).toBe('image/webp');
});

it('keeps the frames of an animation only when asked, with the height of one', async () => {
  const frame = (shade: number) => Buffer.alloc(8 * 8 * 3, shade);
  const input = await sharp(Buffer.concat([frame(0), frame(255)]), { raw: { width: 8, height: 16, channels: 3, pageHeight: 8 } }).gif({ delay: [50, 50] }).toBuffer();
  const [moving, still] = await pictures.sizes(input, [{ ...BOX, animated: true }, BOX]);
  expect([moving!.height, (await sharp(moving!.bytes).metadata()).pages]).toEqual([8, 2]);
  expect([still!.height, (await sharp(still!.bytes).metadata()).pages]).toEqual([8, undefined]);
});

it('refuses what is no picture, is cut off, is too large or is drawn by a program, and works on', async () => {
  const whole = await flat(600, 600).png().toBuffer();
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><image href="file:///etc/passwd"/></svg>');
  const tiff = await flat(8, 8).tiff().toBuffer();
  for (const bytes of [Buffer.alloc(0), Buffer.from('hello'), svg, tiff, whole.subarray(0, whole.length / 2), bomb(100_000, 100_000), bomb(20_000, 20_000), new Uint8Array(MAX_PICTURE_BYTES + 1)]) {
    await expect(pictures.reencode(bytes, BOX)).rejects.toThrow(NotAPicture);
  }
  expect((await pictures.reencode(whole, BOX)).width).toBe(600);
});

it('a picture that is a program as well leaves as a picture only', async () => {
  const evil = '<script>alert(1)</script>';
  for (const input of [Buffer.concat([await flat(9, 9).png().toBuffer(), Buffer.from(evil)]), await flat(9, 9).withExif({ IFD0: { ImageDescription: evil } }).jpeg().toBuffer()]) {
    expect(input.includes('script')).toBe(true);
    expect(Buffer.from((await pictures.reencode(input, { ...BOX, format: 'same' })).bytes).includes('script')).toBe(false);
  }
});

it('answers anything at all with a picture or NotAPicture', async () => {
  const seeds = await Promise.all((['jpeg', 'png', 'webp', 'gif', 'avif'] as const).map((format) => flat(12, 12).toFormat(format).toBuffer()));
  await fc.assert(fc.asyncProperty(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 12 }), fc.nat(), async (seed, changes, cut) => {
    const bytes = Buffer.from(seed.subarray(0, cut % 3 === 0 ? cut % seed.length : seed.length));
    for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
    const outcome = await pictures.reencode(bytes, { maxWidth: 8, maxHeight: 8 }).catch((error: unknown) => error);
    if (outcome instanceof Error) expect(outcome).toBeInstanceOf(NotAPicture);
    else expect(outcome).toMatchObject({ mime: 'image/webp' });
  }), { numRuns: 150 });
});

it('many at once share the threads, and closing refuses those that wait', async () => {
  const own = new SharpPictures({ threads: 1 });
  const input = await flat(400, 400).png().toBuffer();
  expect((await Promise.all(Array.from({ length: 8 }, () => own.reencode(input, BOX)))).map(({ width }) => width)).toEqual(Array(8).fill(400));
  const waiting = Promise.allSettled([own.reencode(input, BOX), own.reencode(input, BOX), own.reencode(input, BOX)]);
  await own.close();
  expect((await waiting).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  await expect(own.reencode(input, BOX)).rejects.toMatchObject({ code: 'unavailable' });
});

it('gives up what takes too long, and works on', async () => {
  const hasty = new SharpPictures({ threads: 1, seconds: 1 });
  // 25 megapixels of noise as WebP: more than a second on any machine.
  const slow = await sharp({ create: { width: 5_000, height: 5_000, channels: 3, background: '#000', noise: { type: 'gaussian', mean: 128, sigma: 60 } } }).jpeg({ quality: 40 }).toBuffer();
  await expect(hasty.reencode(slow, { maxWidth: 5_000, maxHeight: 5_000 })).rejects.toThrow(/time/i);
  expect((await hasty.reencode(await flat(30, 30).png().toBuffer(), BOX)).width).toBe(30);
  await hasty.close();
});
