import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Files, NoSuchBlob, TooManyBytes } from './port.ts';

async function* parts(...all: string[]): AsyncGenerator<Uint8Array> {
  for (const part of all) yield Buffer.from(part);
}
async function* cut(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('half');
  throw new Error('cut');
}
const unused = async (): Promise<boolean> => true;
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
      expect(one).toMatchObject({ hash: hashOf('hello world'), size: 11 });
      const again = await files.keep(parts('hello world'), 100);
      expect(again).toMatchObject({ hash: one.hash, size: 11 });
      for (const held of [one, again]) held.release();
      expect([await files.size(one.hash), await text(one.hash)]).toEqual([11, 'hello world']);
      expect(await files.remove(one.hash, unused)).toBe(true);
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
      expect([kept[0].hash, await text(kept[1].hash)]).toEqual([kept[1].hash, '']);
    });

    it('keeps a file where it lies, leaves it there, and refuses one that is too large or missing', async () => {
      const path = join(mkdtempSync(join(tmpdir(), 'parley-keep-')), 'upload');
      writeFileSync(path, 'from a file');
      const held = await files.keepFile(path, 11);
      expect(held).toMatchObject({ hash: hashOf('from a file'), size: 11 });
      const again = await files.keepFile(path, 11);
      again.release();
      held.release();
      expect([await text(held.hash), existsSync(path)]).toEqual(['from a file', true]);
      rmSync(path);
      writeFileSync(path, 'another');
      await expect(files.keepFile(path, 6)).rejects.toThrow(TooManyBytes);
      rmSync(dirname(path), { recursive: true });
      await expect(files.keepFile(path, 100)).rejects.toThrow('ENOENT');
      expect([await text(held.hash), await files.size(hashOf('another'))]).toEqual(['from a file', null]);
    });

    it('lists what it keeps', async () => {
      for (const part of ['a', 'b', 'a']) (await files.keep(parts(part), 9)).release();
      const listed: string[] = [];
      for await (const hash of files.hashes()) listed.push(hash);
      expect(listed.sort()).toEqual([hashOf('a'), hashOf('b')].sort());
    });

    it('removes nothing that somebody holds, or that is referred to', async () => {
      const first = await files.keep(parts('held'), 9);
      const second = await files.keep(parts('held'), 9);
      first.release();
      first.release();
      const asked: string[] = [];
      expect(await files.remove(first.hash, async () => asked.push('held') > 0)).toBe(false);
      second.release();
      expect(asked).toEqual([]);
      expect(await files.remove(first.hash, async () => false)).toBe(false);
      await expect(files.remove(first.hash, async () => Promise.reject(new Error('the store is away')))).rejects.toThrow('away');
      expect(await text(first.hash)).toBe('held');
      expect(await files.remove(first.hash, unused)).toBe(true);
    });

    it('a removal never takes what is kept meanwhile', async () => {
      const { hash, release } = await files.keep(parts('raced'), 9);
      release();
      let answer!: (unused: boolean) => void;
      const removal = files.remove(hash, () => new Promise((resolve) => (answer = resolve)));
      let held = false;
      const keeping = files.keep(parts('raced'), 9).then((blob) => {
        held = true;
        return blob;
      });
      expect(await files.remove(hash, unused)).toBe(false);
      await new Promise((resolve) => setImmediate(resolve));
      expect(held).toBe(false);
      answer(true);
      expect(await removal).toBe(true);
      await keeping;
      expect(await text(hash)).toBe('raced');
    });

    it('under any interleaving, what is referred to is there', async () => {
      await fc.assert(fc.asyncProperty(fc.scheduler(), fc.array(fc.constantFrom('keep', 'drop', 'remove'), { minLength: 2, maxLength: 12 }), async (scheduler, acts) => {
        const hash = hashOf('shared');
        let refs = 0;
        let keeps = 0;
        const turn = () => scheduler.schedule(Promise.resolve());
        const work = acts.map(async (act) => {
          await turn();
          if (act === 'keep') {
            const held = await files.keep(parts('shared'), 9);
            await turn();
            refs++;
            keeps++;
            held.release();
          } else if (act === 'drop') refs = Math.max(0, refs - 1);
          else await files.remove(hash, async () => {
            await turn();
            return refs === 0;
          });
        });
        await scheduler.waitFor(Promise.all(work));
        if (refs > 0) expect(await files.size(hash)).toBe(6);
        else if (keeps > 0) await files.remove(hash, async () => true);
      }), { numRuns: 40 });
    });

    it('knows nothing by a name that is no hash, and a name unknown', async () => {
      for (const hash of ['../incoming', '', 'A'.repeat(64), hashOf('unknown')]) {
        expect(await files.size(hash)).toBeNull();
        await expect(files.read(hash)).rejects.toThrow(NoSuchBlob);
        await files.remove(hash, unused);
      }
    });
  });
}
