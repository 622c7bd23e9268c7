import { createHash, randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Files, TooManyBytes } from './port.ts';
import type { Uploads } from './uploads.ts';

const ID = '01920000-0000-7000-8000-000000000001';
const OTHER = '01920000-0000-7000-8000-000000000002';

async function* parts(bytes: Uint8Array, each = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += each) yield bytes.subarray(at, at + each);
}
async function* cutAfter(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield* parts(bytes);
  throw new Error('cut');
}

/** What keepers of unfinished uploads do, used by two processes at once. */
export function uploadsContract(name: string, make: () => Promise<{ one: Uploads; two: Uploads; files: Files }>): void {
  describe(`${name}: unfinished uploads`, () => {
    let one: Uploads;
    let two: Uploads;
    let files: Files;
    beforeEach(async () => {
      ({ one, two, files } = await make());
    });
    const kept = async (uploads: Uploads, limit: number): Promise<Buffer> => {
      const held = await uploads.keep(ID, limit, files);
      held.release();
      return buffer(await files.read(held.hash));
    };

    it('parts that come to different processes make one file', async () => {
      const bytes = randomBytes(700_001);
      await one.begin(ID);
      expect(await two.size(ID)).toBe(0);
      expect(await one.append(ID, 0, parts(bytes.subarray(0, 300_000)))).toBe(300_000);
      expect(await two.size(ID)).toBe(300_000);
      expect(await two.append(ID, 300_000, parts(bytes.subarray(300_000, 700_000)))).toBe(700_000);
      expect(await one.append(ID, 700_000, parts(bytes.subarray(700_000)))).toBe(700_001);
      expect(Buffer.compare(await kept(two, bytes.byteLength), bytes)).toBe(0);
      await two.remove(ID);
      await one.begin(OTHER);
      await one.append(OTHER, 0, parts(bytes.subarray(0, 10)));
      const ids: string[] = [];
      for await (const id of one.ids()) ids.push(id);
      expect(ids).toEqual([OTHER]);
    });

    it('what came before a break stays, and the same bytes sent again elsewhere ruin nothing', async () => {
      const bytes = randomBytes(500_000);
      await one.begin(ID);
      await expect(one.append(ID, 0, cutAfter(bytes.subarray(0, 131_072)))).rejects.toThrow('cut');
      expect(await two.size(ID)).toBe(131_072);
      // A request whose client is long gone ends after the one that took its place.
      let go!: () => void;
      const late = one.append(ID, 131_072, (async function* () {
        yield bytes.subarray(131_072, 200_000);
        await new Promise<void>((resolve) => (go = resolve));
        throw new Error('cut');
      })());
      late.catch(() => undefined);
      expect(await two.append(ID, 131_072, parts(bytes.subarray(131_072)))).toBe(500_000);
      go();
      await expect(late).rejects.toThrow('cut');
      expect([await one.size(ID), await two.size(ID)]).toEqual([500_000, 500_000]);
      expect(Buffer.compare(await kept(one, bytes.byteLength), bytes)).toBe(0);
      await expect(one.keep(ID, bytes.byteLength - 1, files)).rejects.toThrow(TooManyBytes);
    });

    it('an empty one is a file too, and removing twice is removing', async () => {
      await one.begin(ID);
      await two.append(ID, 0, parts(Buffer.alloc(0)));
      expect((await kept(one, 0)).byteLength).toBe(0);
      await one.remove(ID);
      await two.remove(ID);
      await expect(one.remove('../x')).rejects.toThrow('UUID');
    });

    it('large parts come whole', async () => {
      const bytes = randomBytes(20 * 1_048_576 + 5);
      await one.begin(ID);
      expect(await one.append(ID, 0, parts(bytes, 1_000_003))).toBe(bytes.byteLength);
      const held = await two.keep(ID, bytes.byteLength, files);
      expect(held.hash).toBe(createHash('sha256').update(bytes).digest('hex'));
      held.release();
    });
  });
}
