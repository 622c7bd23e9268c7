import { isIP } from 'node:net';
import { resolve } from 'node:path';
import * as z from 'zod/mini';
import { LIMITS } from '@parley/shared/protocol/limits';
import { blockList } from '../edge/peer.ts';
import { isLoopbackHost } from '../edge/origin.ts';
import { parseAllowList } from '../egress/allow-list.ts';
import type { Config, FilesPlace, Role } from './config.ts';
import { privateKeyAt, serviceAccountAt } from './key-files.ts';

export interface Settings extends Config {
  logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** `PARLEY_URL` was given, so it is not changed to fit the port. */
  urlGiven: boolean;
  /** `PARLEY_SERVER_KEY`; null: one of the data directory, or of the store where processes share it. */
  serverKey: Uint8Array | null;
  /** Mean delay of the event loop above which new calls and sockets are turned away, milliseconds. */
  shedDelayMs: number;
}

/** Every problem of the environment at once. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly { name: string; message: string }[]) {
    super(problems.map((p) => `${p.name}: ${p.message}`).join('\n'));
  }
}

const ROLES: readonly Role[] = ['api', 'gateway', 'dispatcher', 'worker'];
const whole = (min: number, max: number) => z.string().check(z.refine((v) => /^\d{1,10}$/.test(v) && Number(v) >= min && Number(v) <= max, `a whole number from ${min} to ${max}`));

const Environment = z.object({
  PARLEY_HOST: z.optional(z.string().check(z.refine((v) => v === 'localhost' || isIP(v) !== 0, 'an address to listen on, such as 127.0.0.1 or ::'))),
  PARLEY_PORT: z.optional(whole(0, 65_535)),
  PARLEY_URL: z.optional(z.string().check(z.refine(isOrigin, 'an http or https address without a path, such as https://chat.example.org'))),
  PARLEY_TRUSTED_PROXIES: z.optional(z.string().check(z.refine(isAddressList, 'addresses or ranges, separated by commas, such as 10.0.0.0/8'))),
  PARLEY_DATA: z.optional(z.string().check(z.minLength(1))),
  PARLEY_MONGODB_URL: z.optional(z.string().check(z.regex(/^mongodb(?:\+srv)?:\/\/\S+$/, 'mongodb://… or mongodb+srv://…'))),
  PARLEY_REDIS_URL: z.optional(z.string().check(z.regex(/^rediss?:\/\/\S+$/, 'redis://… or rediss://…'))),
  PARLEY_ROLES: z.optional(z.string().check(z.refine((v) => rolesOf(v) !== null, `some of ${ROLES.join(',')}`))),
  PARLEY_FILES: z.optional(z.string().check(z.refine((v) => filesPlaceOf(v) !== null, 'disk, disk-shared or s3://bucket?endpoint=https://…&region=…'))),
  PARLEY_FILE_MEGABYTES: z.optional(whole(1, 1_000_000)),
  PARLEY_FILE_QUOTA_MEGABYTES: z.optional(whole(1, 1_000_000_000)),
  PARLEY_SMTP_URL: z.optional(z.string().check(z.regex(/^smtps?:\/\/[^\s]+$/, 'smtp://… or smtps://…'))),
  PARLEY_MAIL_FROM: z.optional(z.string().check(z.regex(/^[^\r\n]{0,200}$/, 'one line'), z.regex(/^(?:[^<>@]*<)?[^\s<>@]+@[^\s<>@]+>?$/, 'an address, such as Parley <parley@example.org>'))),
  PARLEY_PUSH_CONTACT: z.optional(z.string().check(z.regex(/^(?:mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/, 'mailto:… or https://…'))),
  PARLEY_FCM_CREDENTIALS: z.optional(z.string().check(z.refine((path) => serviceAccountAt(path) !== null, 'the key file of a Google service account'))),
  PARLEY_APNS_KEY: z.optional(z.string().check(z.refine((path) => privateKeyAt(path) !== null, 'the file of an APNs signing key (.p8)'))),
  PARLEY_APNS_KEY_ID: z.optional(z.string().check(z.regex(/^\w{5,20}$/, 'the id of the APNs key'))),
  PARLEY_APNS_TEAM_ID: z.optional(z.string().check(z.regex(/^\w{5,20}$/, 'the id of the Apple team'))),
  PARLEY_APNS_TOPIC: z.optional(z.string().check(z.regex(/^[\w.-]{1,200}$/, 'the bundle id of the app'))),
  PARLEY_APNS_SANDBOX: z.optional(z.enum(['on', 'off'], 'on or off')),
  PARLEY_EGRESS_ALLOW: z.optional(z.string().check(z.refine(isAllowList, 'ranges or host:port, separated by commas, such as 10.0.0.0/8,wiki.intra:443'))),
  PARLEY_RATE_LIMITS: z.optional(z.enum(['on', 'off'], 'on or off')),
  PARLEY_LARGE_CHANNEL: z.optional(whole(1, 1_000_000)),
  PARLEY_SERVER_KEY: z.optional(z.string().check(z.regex(/^[\w+/-]{43}=?$/, '32 bytes in base64, as `openssl rand -base64 32` makes them'))),
  PARLEY_SET_UP_CODE: z.optional(z.string().check(z.minLength(10, 'at least 10 characters'))),
  PARLEY_SHED_DELAY_MS: z.optional(whole(10, 60_000)),
  PARLEY_METRICS_TOKEN: z.optional(z.string().check(z.minLength(8, 'at least 8 characters'))),
  PARLEY_LOG_LEVEL: z.optional(z.enum(['debug', 'info', 'warn', 'error', 'silent'], 'debug, info, warn, error or silent')),
});

/** What is told of a bad value names it, unless it is one of these. */
const SECRET = new Set(['PARLEY_SERVER_KEY', 'PARLEY_SET_UP_CODE', 'PARLEY_METRICS_TOKEN', 'PARLEY_MONGODB_URL', 'PARLEY_REDIS_URL', 'PARLEY_SMTP_URL']);

/** The settings out of the environment. An empty value counts as unset. @throws ConfigError naming every problem. */
export function loadConfig(env: Readonly<Record<string, string | undefined>>, options: { data?: string; setUpCode?: string } = {}): Settings {
  const given = Object.fromEntries(Object.entries(env).filter(([name, value]) => name.startsWith('PARLEY_') && value !== undefined && value !== ''));
  const parsed = Environment.safeParse(given);
  if (!parsed.success) throw new ConfigError(parsed.error.issues.map((issue) => String(issue.path[0])).map((name, i) => ({ name, message: `${parsed.error.issues[i]!.message}${SECRET.has(name) ? '' : `, not ${JSON.stringify(given[name])}`}` })));
  const values = parsed.data;
  const roles = rolesOf(values.PARLEY_ROLES ?? ROLES.join(','))!;
  const filesPlace = filesPlaceOf(values.PARLEY_FILES ?? 'disk')!;
  const together = togetherProblems(values.PARLEY_MONGODB_URL !== undefined, values.PARLEY_REDIS_URL !== undefined, roles);
  if (together.length > 0) throw new ConfigError(together);
  const apnsNames = ['PARLEY_APNS_KEY', 'PARLEY_APNS_KEY_ID', 'PARLEY_APNS_TEAM_ID', 'PARLEY_APNS_TOPIC'] as const;
  const missing = apnsNames.filter((name) => values[name] === undefined);
  if (missing.length > 0 && missing.length < apnsNames.length) throw new ConfigError(missing.map((name) => ({ name, message: `APNs needs all of ${apnsNames.join(', ')}` })));
  const host = values.PARLEY_HOST ?? '127.0.0.1';
  const port = Number(values.PARLEY_PORT ?? 3210);
  return {
    host, port, ...addressesOf(host, port, values.PARLEY_URL), urlGiven: values.PARLEY_URL !== undefined,
    dataDirectory: resolve(options.data ?? values.PARLEY_DATA ?? './data'),
    trustedProxies: listOf(values.PARLEY_TRUSTED_PROXIES), roles, mongodbUrl: values.PARLEY_MONGODB_URL ?? null, redisUrl: values.PARLEY_REDIS_URL ?? null, filesPlace, rateLimits: values.PARLEY_RATE_LIMITS !== 'off',
    fileBytes: megabytes(values.PARLEY_FILE_MEGABYTES) ?? LIMITS.file_bytes, fileQuotaBytes: megabytes(values.PARLEY_FILE_QUOTA_MEGABYTES) ?? LIMITS.file_quota_bytes,
    largeChannel: Number(values.PARLEY_LARGE_CHANNEL ?? 1_000), setUpCode: values.PARLEY_SET_UP_CODE ?? options.setUpCode ?? null, serverKey: values.PARLEY_SERVER_KEY === undefined ? null : Buffer.from(values.PARLEY_SERVER_KEY, 'base64'), metricsToken: values.PARLEY_METRICS_TOKEN ?? null, egressAllow: listOf(values.PARLEY_EGRESS_ALLOW),
    smtpUrl: values.PARLEY_SMTP_URL ?? null, mailFrom: values.PARLEY_MAIL_FROM ?? null, pushContact: values.PARLEY_PUSH_CONTACT ?? null,
    fcm: values.PARLEY_FCM_CREDENTIALS === undefined ? null : serviceAccountAt(values.PARLEY_FCM_CREDENTIALS),
    apns: values.PARLEY_APNS_KEY === undefined ? null : {
      key: privateKeyAt(values.PARLEY_APNS_KEY)!, keyId: values.PARLEY_APNS_KEY_ID!, teamId: values.PARLEY_APNS_TEAM_ID!, topic: values.PARLEY_APNS_TOPIC!,
      origin: values.PARLEY_APNS_SANDBOX === 'on' ? 'https://api.sandbox.push.apple.com' : 'https://api.push.apple.com',
    },
    logLevel: values.PARLEY_LOG_LEVEL ?? 'info', shedDelayMs: Number(values.PARLEY_SHED_DELAY_MS ?? 250),
  };
}

/** The server's own address and the origins that cookies are honoured from. */
export function addressesOf(host: string, port: number, url?: string): Pick<Config, 'url' | 'origins'> {
  if (url !== undefined) {
    const { origin } = new URL(url);
    return { url: origin, origins: [origin] };
  }
  const origins = [`http://localhost:${port}`, `http://127.0.0.1:${port}`];
  const everywhere = host === '0.0.0.0' || host === '::';
  if (!everywhere && !isLoopbackHost(host)) origins.unshift(`http://${host.includes(':') ? `[${host}]` : host}:${port}`);
  return { url: origins[0]!, origins: port === 80 ? origins.map((o) => o.replace(/:80$/, '')) : origins };
}

const megabytes = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text) * 1_048_576);
const listOf = (text: string | undefined): string[] => (text ?? '').split(',').map((part) => part.trim()).filter(Boolean);

function rolesOf(text: string): ReadonlySet<Role> | null {
  const names = listOf(text);
  return names.length > 0 && names.every((name): name is Role => (ROLES as readonly string[]).includes(name)) ? new Set(names) : null;
}

/** `s3://bucket?endpoint=https://host:port&region=…`; keys come from the S3 client's own environment. */
function filesPlaceOf(text: string): FilesPlace | null {
  if (text === 'disk' || text === 'disk-shared') return { kind: 'disk', shared: text === 'disk-shared' };
  if (!text.startsWith('s3://') || !URL.canParse(text)) return null;
  const url = new URL(text);
  const endpoint = url.searchParams.get('endpoint');
  const known = [...url.searchParams.keys()].every((key) => key === 'endpoint' || key === 'region');
  if (!known || !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(url.hostname) || (url.pathname !== '' && url.pathname !== '/') || url.username !== '') return null;
  if (endpoint !== null && !/^https?:\/\/[^\s/]+$/.test(endpoint)) return null;
  return { kind: 's3', bucket: url.hostname, endpoint, region: url.searchParams.get('region') ?? 'us-east-1' };
}

/** What the variables demand of each other. */
function togetherProblems(mongodb: boolean, redis: boolean, roles: ReadonlySet<Role>): { name: string; message: string }[] {
  const problems: { name: string; message: string }[] = [];
  if (redis && !mongodb) problems.push({ name: 'PARLEY_REDIS_URL', message: 'Redis is for several processes, which need PARLEY_MONGODB_URL' });
  if (roles.size < ROLES.length && !(mongodb && redis)) problems.push({ name: 'PARLEY_ROLES', message: `one process without PARLEY_MONGODB_URL and PARLEY_REDIS_URL has all roles: ${ROLES.join(',')}` });
  return problems;
}

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return (url.protocol === 'http:' || url.protocol === 'https:') && url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
}

function isAddressList(text: string): boolean {
  try {
    return blockList(listOf(text)) !== undefined;
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return false;
    throw error;
  }
}

function isAllowList(text: string): boolean {
  try {
    return parseAllowList(listOf(text)) !== undefined;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
