import type { ApnsOptions } from '../push/apns/apns.ts';
import type { ServiceAccount } from '../push/fcm/fcm.ts';

/** Settings after parsing the environment (DESIGN section 8). */
/** Where uploaded bytes lie. `shared`: several processes see the same directory. */
export type FilesPlace = { kind: 'disk'; shared: boolean } | { kind: 's3'; bucket: string; endpoint: string | null; region: string };

export type Role = 'api' | 'gateway' | 'dispatcher' | 'worker';

export interface Config {
  host: string;
  port: number;
  /** Origins that cookies are honoured from, with `PARLEY_URL` first. */
  origins: readonly string[];
  url: string;
  dataDirectory: string;
  trustedProxies: readonly string[];
  roles: ReadonlySet<Role>;
  /** Null: the embedded store. */
  mongodbUrl: string | null;
  /** Null: log and registry live in this process. */
  redisUrl: string | null;
  filesPlace: FilesPlace;
  rateLimits: boolean;
  /** Channels with more members are large. */
  largeChannel: number;
  /** What `/set_up` asks for unless the server is bound to loopback. */
  setUpCode: string | null;
  metricsToken: string | null;
  /** Bytes of one file, and of all files of one person. */
  fileBytes: number;
  fileQuotaBytes: number;
  /** What outgoing requests may reach though it is not public (`egress/allow-list.ts`). */
  egressAllow: readonly string[];
  /** Where mails go; null: to the log. */
  smtpUrl: string | null;
  /** Whom mails come from; null: derived from the address of the server. */
  mailFrom: string | null;
  /** Whom push services may ask; null: derived from the address of the server. */
  pushContact: string | null;
  fcm: ServiceAccount | null;
  apns: ApnsOptions | null;
}
