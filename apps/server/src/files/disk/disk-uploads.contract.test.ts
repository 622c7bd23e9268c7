import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { uploadsContract } from '../uploads.contract.ts';
import { DiskFiles } from './disk-files.ts';
import { DiskUploads } from './disk-uploads.ts';

const directory = mkdtempSync(join(tmpdir(), 'parley-uploads-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
let count = 0;

uploadsContract('disk', async () => {
  const place = join(directory, String(++count));
  return { one: new DiskUploads(place), two: new DiskUploads(place), files: await DiskFiles.open(join(directory, `files-${count}`)) };
});
