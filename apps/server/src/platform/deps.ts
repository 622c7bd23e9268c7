import type { Clock } from '@parley/shared/domain/clock';
import type { Random } from '@parley/shared/domain/random';
import type { PresenceDirectory } from '../registry/port.ts';
import type { Files } from '../files/port.ts';
import type { Uploads } from '../files/uploads.ts';
import type { Pictures } from '../pictures/port.ts';
import type { Mailer } from '../mail/port.ts';
import type { Push } from '../push/port.ts';
import type { ServerSecret } from './server-secret.ts';
import type { LinkReader } from '../links/port.ts';
import type { SearchIndex } from '../search/port.ts';
import type { Store } from '../storage/port.ts';
import type { PageCache } from '../features/messages/page-cache.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import type { Config } from '../config/config.ts';

/** What every feature may use. Made once, by `compose.ts` in production and by the test kit in tests and simulations. */
export interface Deps {
  store: Store;
  clock: Clock;
  random: Random;
  passwords: PasswordHasher;
  presence: PresenceDirectory;
  search: SearchIndex;
  files: Files;
  uploads: Uploads;
  pictures: Pictures;
  push: Push;
  mailer: Mailer;
  secret: ServerSecret;
  links: LinkReader;
  /** The pictures of link cards, made anew. */
  cardPictures: Files;
  /** Archives on their way into an import. */
  archives: Files;
  /** Pages that many read at once; absent: each reads its own. */
  pages?: PageCache | undefined;
  logger: Logger;
  metrics: Metrics;
  config: Config;
}

/** Slow by purpose; runs off the event loop. */
export interface PasswordHasher {
  hash(password: string): Promise<string>;
  /** Takes as long for a missing hash as for a wrong password, so that accounts cannot be probed. */
  verify(hash: string | null, password: string): Promise<boolean>;
}
