import { hostname } from 'node:os';
import type { Clock, Timer } from '@parley/shared/domain/clock';
import type { Config } from '../config/config.ts';
import type { KeepProcess, KeptProcess, ProcessRefusal } from '../storage/processes.commands.ts';
import type { Store } from '../storage/port.ts';
import type { Logger } from './logger.ts';

/** A process that was not heard of for so long is taken for gone. */
export const PROCESS_MS = 10_000;
const KEEP_EVERY_MS = 3_000;
const ASK_AGAIN_MS = 500;

const REASONS: Record<ProcessRefusal, string> = {
  alone: 'another Parley process serves this database, and without Redis one of them has to be the only one: stop it, or set PARLEY_REDIS_URL for all',
  files: 'another Parley process serves this database, and files that lie on the disk of one are not seen by the other: set PARLEY_FILES to disk-shared or s3://… for all',
};

/** Another process serves the same store, and the two do not go together. */
export class NotAlone extends Error {
  constructor(refusal: ProcessRefusal, other: string) {
    super(`${REASONS[refusal]} (it is ${other})`);
    this.name = 'NotAlone';
  }
}

export interface Registration {
  leave(): Promise<void>;
}

interface Parts {
  store: Pick<Store, 'run'>;
  clock: Clock;
  logger: Logger;
  config: Pick<Config, 'roles' | 'mongodbUrl' | 'redisUrl' | 'filesPlace' | 'dataDirectory'>;
  id: string;
  /** Called once, when others have taken this process for gone and it cannot come back beside them: it must stop serving. */
  lost(error: NotAlone): void;
}

/**
 * Registers this process with the others on its store and keeps it registered. A predecessor that was killed is waited for
 * until its time is over. @throws NotAlone
 */
export async function registerProcess(parts: Parts): Promise<Registration> {
  const { store, clock, logger } = parts;
  const said = whoWeAre(parts);
  const began = clock.now();
  for (let first = 0; ; ) {
    const { refused, other } = await store.run('processes.keep', said);
    if (refused === null) break;
    // One that says again that it lives will not go away by itself.
    if (first !== 0 && other!.until > first) throw new NotAlone(refused, other!.name);
    if (clock.now() - began > PROCESS_MS + 2 * ASK_AGAIN_MS) throw new NotAlone(refused, other!.name);
    if (first === 0) logger.info({ other: other!.name }, 'another process was here a moment ago; it is waited for');
    first = other!.until;
    await new Promise<void>((resolve) => void clock.setTimer(ASK_AGAIN_MS, resolve));
  }
  let timer: Timer | null = null;
  let left = false;
  const arm = (): void => {
    timer = clock.setTimer(KEEP_EVERY_MS, () => {
      store.run('processes.keep', said).then(
        ({ refused, other }: KeptProcess) => {
          if (refused === null || left) return left ? undefined : arm();
          parts.lost(new NotAlone(refused, other!.name));
        },
        (error: unknown) => {
          logger.debug({ error: String(error) }, 'the store could not be told that this process lives; it is tried again');
          if (!left) arm();
        },
      );
    });
  };
  arm();
  return {
    async leave() {
      left = true;
      timer?.cancel();
      await store.run('processes.leave', { id: parts.id }).catch((error: unknown) => logger.debug({ error: String(error) }, 'this process could not say that it goes; its silence says so'));
    },
  };
}

function whoWeAre({ config, id }: Parts): KeepProcess {
  const shared = config.filesPlace.kind === 'disk' && config.filesPlace.shared;
  const place = `${hostname()}:${config.dataDirectory}`;
  return {
    id, place: shared ? null : place, alone: config.redisUrl === null, local_files: config.filesPlace.kind === 'disk' && !shared, roles: [...config.roles].sort(),
    name: `process ${process.pid} on ${hostname()}, roles ${[...config.roles].join(',')}`, ms: PROCESS_MS,
  };
}
