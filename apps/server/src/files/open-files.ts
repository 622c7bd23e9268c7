import { join } from 'node:path';
import type { Role } from '../config/config.ts';
import type { Settings } from '../config/load-config.ts';
import type { Logger } from '../platform/logger.ts';
import type { Store } from '../storage/port.ts';
import { DiskFiles } from './disk/disk-files.ts';
import { DiskUploads } from './disk/disk-uploads.ts';
import type { Files } from './port.ts';
import { S3Bucket } from './s3/s3-bucket.ts';
import { S3Files } from './s3/s3-files.ts';
import { S3Uploads } from './s3/s3-uploads.ts';
import { Spool } from './s3/spool.ts';
import { SharedHolds } from './shared-holds.ts';
import type { Uploads } from './uploads.ts';

const ROLES_OF_ONE: readonly Role[] = ['api', 'gateway', 'dispatcher', 'worker'];
/** Roles that read or write bytes: uploads and downloads, collection and imports. */
const TOUCH_FILES: readonly Role[] = ['api', 'worker'];

/** Everything that keeps bytes: people's files; pictures of link cards and archives to import, which are not collected with them; and uploads on their way. */
export interface FilePlaces {
  files: Files;
  cardPictures: Files;
  archives: Files;
  uploads: Uploads;
  close(): void;
}

/**
 * Where the settings want bytes to lie. Where several processes see the same bytes, they tell each other of their holds in
 * the store. @throws Error for a bucket that cannot be used, and for `disk` where there are several processes
 */
export async function openFiles(settings: Pick<Settings, 'dataDirectory' | 'filesPlace' | 'roles'>, deps: { store: Pick<Store, 'run'>; logger: Logger }): Promise<FilePlaces> {
  const { dataDirectory, filesPlace, roles } = settings;
  const alone = ROLES_OF_ONE.every((role) => roles.has(role));
  if (filesPlace.kind === 'disk' && !filesPlace.shared && !alone && TOUCH_FILES.some((role) => roles.has(role))) {
    throw new Error('PARLEY_FILES: a process that has not all roles shares its files with others; `disk` is for one process. Set disk-shared, with a PARLEY_DATA that all of them see, or s3://bucket?endpoint=…');
  }
  const logger = deps.logger.child({ part: 'files' });
  const holds = (collection: string): SharedHolds => new SharedHolds(deps.store, collection, logger);
  if (filesPlace.kind === 'disk') {
    const disk = (collection: string): Promise<DiskFiles> => DiskFiles.open(join(dataDirectory, collection), filesPlace.shared ? holds(collection) : undefined);
    return { files: await disk('files'), cardPictures: await disk('card-pictures'), archives: await disk('archives'), uploads: new DiskUploads(join(dataDirectory, 'uploads')), close: () => undefined };
  }
  const bucket = await S3Bucket.open(filesPlace, logger);
  const spool = await Spool.open(join(dataDirectory, 'spool'));
  const inBucket = (collection: string): S3Files => new S3Files(bucket, collection, spool, holds(collection));
  return { files: inBucket('files'), cardPictures: inBucket('card-pictures'), archives: inBucket('archives'), uploads: new S3Uploads(bucket, spool), close: () => bucket.close() };
}
