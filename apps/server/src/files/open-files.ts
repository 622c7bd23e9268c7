import { join } from 'node:path';
import type { Settings } from '../config/load-config.ts';
import { DiskFiles } from './disk/disk-files.ts';
import type { Files } from './port.ts';

/** Where the settings want bytes to lie; `collection` keeps what must not be collected together apart. */
export async function openFiles(settings: Pick<Settings, 'dataDirectory' | 'filesPlace'>, collection: 'files' | 'card-pictures'): Promise<Files> {
  if (settings.filesPlace.kind === 's3') throw new Error('PARLEY_FILES: this version keeps files on disk');
  return DiskFiles.open(join(settings.dataDirectory, collection));
}
