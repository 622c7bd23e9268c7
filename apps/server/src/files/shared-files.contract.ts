import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { beforeEach, describe, expect, it } from 'vitest';
import { settleHolds } from '../features/files/holds.commands.ts';
import { fileHolds } from '../storage/tables.ts';
import type { Store, Tx } from '../storage/port.ts';
import { type Files, NoSuchBlob } from './port.ts';

async function* parts(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What keepers of files do that lie in one place and are used by several processes, each with its own instance. */
export function sharedFilesContract(name: string, make: () => { store: Store; open: (store: Store) => Promise<Files> }): void {
  describe(`${name}: files of several processes`, () => {
    let store: Store;
    let one: Files;
    let two: Files;
    beforeEach(async () => {
      const made = make();
      store = made.store;
      [one, two] = [await made.open(store), await made.open(store)];
    });
    const text = async (files: Files, hash: string) => (await buffer(await files.read(hash))).toString();
    const rows = () => store.read((tx) => tx.find(fileHolds, { limit: 10 }));
    const settled = async (files: Files, hash: string): Promise<boolean> => {
      for (let i = 0; i < 200; i++) if (await files.remove(hash, async () => true)) return true;
      return false;
    };

    it('what one holds the other does not remove, until it is let go', async () => {
      const held = await one.keep(parts('held'), 9);
      const asked: string[] = [];
      expect(await two.remove(held.hash, async () => asked.push('asked') > 0)).toBe(false);
      expect([asked, await text(two, held.hash)]).toEqual([[], 'held']);
      held.release();
      held.release();
      expect(await settled(two, held.hash)).toBe(true);
      await expect(one.read(held.hash)).rejects.toThrow(NoSuchBlob);
      expect(await rows()).toEqual([]);
    });

    it('what one is removing the other keeps only behind it', async () => {
      const { hash, release } = await one.keep(parts('raced'), 9);
      release();
      let answer!: (unused: boolean) => void;
      const asked = new Promise<void>((entered) => {
        const removal = (): Promise<boolean> => one.remove(hash, () => {
          entered();
          return new Promise((resolve) => (answer = resolve));
        });
        void (async () => { while (!(await removal())); })();
      });
      await asked;
      let held = false;
      const keeping = two.keep(parts('raced'), 9).then((blob) => {
        held = true;
        return blob;
      });
      expect(await two.remove(hash, async () => true)).toBe(false);
      expect(held).toBe(false);
      answer(true);
      await keeping;
      expect(await text(one, hash)).toBe('raced');
    });

    it('of many keeping and removing at once, nothing that was referred to is gone', async () => {
      const hash = hashOf('shared');
      let refs = 0;
      const acts = Array.from({ length: 24 }, (_, i) => async () => {
        const files = i % 2 === 0 ? one : two;
        if (i % 3 === 0) {
          const held = await files.keep(parts('shared'), 9);
          refs++;
          expect(await text(files, hash)).toBe('shared');
          held.release();
          expect(await text(files, hash)).toBe('shared');
          refs--;
        } else await files.remove(hash, async () => refs === 0);
      });
      await Promise.all(acts.map((act) => act()));
      const last = await one.keep(parts('shared'), 9);
      refs++;
      last.release();
      await two.remove(hash, async () => refs === 0);
      expect(await text(two, hash)).toBe('shared');
    });

    it('the command that refers to bytes is refused once another process may have removed them', async () => {
      const held = await one.keep(parts('slept'), 9);
      const hold = { ...held.hold! };
      const settle = (): Promise<void> => {
        let work!: Promise<void>;
        return store.read(async (tx) => {
          const rows = await tx.find(fileHolds, { limit: 10 });
          // Over a copy: what is asked here is only whether it is refused.
          const copy = new Map(rows.map((row) => [row.name, row]));
          work = settleHolds({ get: async (_table: unknown, [name]: [string]) => copy.get(name), put: async () => undefined, delete: async () => true } as unknown as Tx, [hold]);
          await work;
        });
      };
      await settle();
      await store.run('holds.release', hold);
      expect(await two.remove(held.hash, async () => true)).toBe(true);
      await expect(settle()).rejects.toMatchObject({ code: 'unavailable' });
    });
  });
}
