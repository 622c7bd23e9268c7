import { join } from 'node:path';
import type { Settings } from '../config/load-config.ts';
import type { Logger } from '../platform/logger.ts';
import type { Store } from '../storage/port.ts';
import { DiskFiles } from './disk/disk-files.ts';
import type { Files } from './port.ts';
import { S3Bucket } from './s3/s3-bucket.ts';
import { S3Files } from './s3/s3-files.ts';
import { Spool } from './s3/spool.ts';
import { SharedHolds } from './shared-holds.ts';

/**
 * Where the settings want bytes to lie; `collection` keeps what must not be collected together apart. Where several
 * processes see the same bytes, they tell each other of their holds in the store.
 */
export async function openFiles(settings: Pick<Settings, 'dataDirectory' | 'filesPlace'>, collection: 'files' | 'card-pictures', deps: { store: Pick<Store, 'run'>; logger: Logger }): Promise<Files> {
  const { dataDirectory, filesPlace } = settings;
  const logger = deps.logger.child({ files: collection });
  if (filesPlace.kind === 'disk') return DiskFiles.open(join(dataDirectory, collection), filesPlace.shared ? new SharedHolds(deps.store, collection, logger) : undefined);
  return new S3Files(await S3Bucket.open(filesPlace, logger), collection, await Spool.open(join(dataDirectory, 'spool')), new SharedHolds(deps.store, collection, logger));
}
