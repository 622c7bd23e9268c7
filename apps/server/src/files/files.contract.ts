import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Files, NoSuchBlob, TooManyBytes } from './port.ts';

async function* parts(...all: string[]): AsyncGenerator<Uint8Array> {
  for (const part of all) yield Buffer.from(part);
}
async function* cut(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('half');
  throw new Error('cut');
}
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

/** What every keeper of files does. */
export function filesContract(name: string, make: () => Promise<Files>): void {
  describe(`${name}: files`, () => {
    let files: Files;
    beforeEach(async () => {
      files = await make();
    });
    const text = async (hash: string, range?: { start: number; end: number }) => (await buffer(await files.read(hash, range))).toString();

    it('keeps bytes under their hash, the same ones once', async () => {
      const one = await files.keep(parts('hello ', 'world'), 100);
      expect(one).toEqual({ hash: hashOf('hello world'), size: 11 });
      expect(await files.keep(parts('hello world'), 100)).toEqual(one);
      expect([await files.size(one.hash), await text(one.hash)]).toEqual([11, 'hello world']);
      await files.remove(one.hash);
      expect(await files.size(one.hash)).toBeNull();
    });

    it('reads ranges and refuses those outside', async () => {
      const { hash } = await files.keep(parts('0123456789'), 10);
      expect([await text(hash, { start: 0, end: 0 }), await text(hash, { start: 3, end: 9 })]).toEqual(['0', '3456789']);
      for (const range of [{ start: 0, end: 10 }, { start: 5, end: 4 }, { start: -1, end: 2 }, { start: 0.5, end: 2 }]) await expect(files.read(hash, range)).rejects.toThrow(RangeError);
    });

    it('leaves nothing of what is too large or cut off', async () => {
      await expect(files.keep(parts('12345', '6'), 5)).rejects.toThrow(TooManyBytes);
      await expect(files.keep(cut(), 100)).rejects.toThrow('cut');
      expect([await files.size(hashOf('123456')), await files.size(hashOf('12345')), await files.size(hashOf('half'))]).toEqual([null, null, null]);
    });

    it('keeps an empty file, and two at once of the same bytes', async () => {
      const kept = await Promise.all([files.keep(parts(), 0), files.keep(parts(), 0)]);
      expect([kept[0], await text(kept[1].hash)]).toEqual([kept[1], '']);
    });

    it('knows nothing by a name that is no hash, and a name unknown', async () => {
      for (const hash of ['../incoming', '', 'A'.repeat(64), hashOf('unknown')]) {
        expect(await files.size(hash)).toBeNull();
        await expect(files.read(hash)).rejects.toThrow(NoSuchBlob);
        await files.remove(hash);
      }
    });
  });
}
