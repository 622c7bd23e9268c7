import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { filesContract } from '../files.contract.ts';
import { TooManyBytes } from '../port.ts';
import { DiskFiles } from './disk-files.ts';

const directory = mkdtempSync(join(tmpdir(), 'parley-files-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
let count = 0;
const fresh = () => join(directory, String(++count));

filesContract('disk', () => DiskFiles.open(fresh()));

it('a refused upload leaves no file, and opening clears what a dead process left half written', async () => {
  const place = fresh();
  mkdirSync(join(place, 'incoming'), { recursive: true });
  writeFileSync(join(place, 'incoming', 'left'), 'half');
  const files = await DiskFiles.open(place);
  await expect(files.keep((async function* () { yield Buffer.from('too long'); })(), 3)).rejects.toThrow(TooManyBytes);
  expect(readdirSync(join(place, 'incoming'))).toEqual([]);
});
