import { createServer as createProbe, type AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { addressesOf, type Settings } from './config/load-config.ts';
import { createCore, type Core } from './core.ts';
import { createHttpServer } from './edge/http.ts';
import { LoadMonitor, processSampler } from './edge/load-monitor.ts';
import { readReadiness } from './edge/readiness.ts';
import { attachWebSockets } from './edge/websocket.ts';
import { loadWebFiles } from './edge/web-files.ts';
import { digestConsumer, digestJob } from './features/mail/digest-mail.ts';
import { inviteMailJob } from './features/mail/invite-mail.ts';
import { DIGEST_JOB, INVITE_MAIL_JOB } from './features/mail/mail.commands.ts';
import { PUSH_JOB } from './features/push/push.commands.ts';
import { pushConsumer, pushJob } from './features/push/push.service.ts';
import { createEgress } from './egress/http-egress.ts';
import { parseAllowList } from './egress/allow-list.ts';
import { cardsConsumer, LINK_CARDS_JOB, linkCardsJob } from './features/cards/cards.service.ts';
import { WebLinks } from './links/web-links.ts';
import { openMail } from './mail/open-mail.ts';
import { keptServerKey, loadServerSecret, serverSecret, type ServerSecret } from './platform/server-secret.ts';
import { uuidv7 } from '@parley/shared/domain/ids';
import { registerProcess, type NotAlone } from './platform/process-register.ts';
import { openRedis, type RedisLink } from './platform/redis/redis-link.ts';
import { redisWake } from './platform/redis/wake.ts';
import { openPush } from './push/open-push.ts';
import { newVapidKeys } from './push/web/vapid-request.ts';
import { EXPIRE_DEVICES_JOB, expireDevicesJob, scheduleDeviceExpiry } from './features/devices/expire.service.ts';
import { COLLECT_JOB, collectJob, scheduleCollection } from './features/files/collect.service.ts';
import { IMPORT_JOB } from './features/imports/imports.commands.ts';
import { importJob, requeueImports } from './features/imports/imports.service.ts';
import { INBOX_JOB } from './features/inbox/inbox.commands.ts';
import { inboxConsumer, inboxJob } from './features/inbox/inbox.service.ts';
import { membershipConsumer } from './features/membership/membership.service.ts';
import { IndexWatch } from './features/search/index-watch.ts';
import { SearchIndexer } from './features/search/search-indexer.ts';
import { PageCache } from './features/messages/page-cache.ts';
import { streamDelta } from './features/sync/delta.ts';
import { threadsConsumer } from './features/threads/threads.service.ts';
import { REMINDER_JOB } from './features/saved/saved.commands.ts';
import { reminderJob } from './features/saved/saved.routes.ts';
import { SCHEDULED_JOB } from './features/scheduled/scheduled.commands.ts';
import { scheduledJob } from './features/scheduled/scheduled.service.ts';
import { JobWorker } from './jobs/job-worker.ts';
import { StoreJobs } from './jobs/store-jobs.ts';
import { tellingStore } from './jobs/telling-store.ts';
import { openLog } from './log/open-log.ts';
import { argon2Passwords } from './platform/argon2-passwords.ts';
import { lockDataDirectory, useDataDirectory } from './platform/data-lock.ts';
import type { Deps } from './platform/deps.ts';
import { pinoLogger } from './platform/pino-logger.ts';
import { openRateLimits } from './platform/rate-limits.ts';
import { promMetrics, type PromMetrics } from './platform/prom-metrics.ts';
import { systemClock, systemRandom } from './platform/system.ts';
import { openFiles } from './files/open-files.ts';
import { SharpPictures } from './pictures/sharp-pictures.ts';
import { createRealtime } from './realtime/realtime.ts';
import { openRegistry } from './registry/open-registry.ts';
import type { Registry } from './registry/port.ts';
import { openSearch } from './search/open-search.ts';
import { openStore } from './storage/open-store.ts';
import type { Store } from './storage/port.ts';

/** How long a stop waits for what is under way, sockets first. SIGTERM promises an end within 10 s. */
const DRAIN_MS = 4_000;

/** What workers are woken for. */
const JOBS = 'jobs';

/** Until then, whoever waited for the server has it alone. */
const COLLECT_AFTER_START_MS = 60_000;

/** The store and what goes with it: all that a command of the command line needs. */
export interface Services {
  deps: Deps;
  settings: Settings;
  registry: Registry;
  metrics: PromMetrics;
  /** Null: log and registry live in this process. */
  redis: RedisLink | null;
  /** Commits what waits, and gives the data directory free. */
  close(): Promise<void>;
}

/** Opens the data directory, for this process alone unless several share it. @throws DataInUse */
export async function openServices(settings: Settings): Promise<Services> {
  const lock = sharesDirectory(settings) ? useDataDirectory(settings.dataDirectory) : lockDataDirectory(settings.dataDirectory);
  let redis: RedisLink | null = null;
  try {
    const metrics = promMetrics();
    const logger = pinoLogger(settings.logLevel);
    const source = { clock: systemClock, random: systemRandom };
    const store = await openStore(settings, metrics, logger);
    redis = settings.redisUrl === null ? null : await openRedis(settings.redisUrl, { logger, name: `parley-${process.pid}` });
    const registry = openRegistry({ ...source, logger, metrics }, redis);
    const search = await openSearch(settings);
    const { close: closeFiles, ...places } = await openFiles(settings, { store, logger });
    const pictures = new SharpPictures();
    const egress = createEgress(parseAllowList(settings.egressAllow));
    const push = openPush({ egress, clock: systemClock }, { web: { keys: await store.run('push.keys', { keys: newVapidKeys() }), contact: settings.pushContact ?? contactOf(settings.url) }, fcm: settings.fcm, apns: settings.apns });
    const mailer = openMail(settings, logger);
    const deps: Deps = {
      ...source, store, search, pictures, passwords: argon2Passwords(), presence: registry, logger, metrics, config: settings,
      push, mailer, secret: await secretOf(settings, store),
      links: new WebLinks({ egress, pictures }), ...places,
      pages: new PageCache(metrics),
    };
    return {
      deps, settings, registry, metrics, redis,
      async close() {
        await Promise.all([push.close(), mailer.close(), registry.close()]);
        await redis?.close();
        await Promise.all([search.close(), pictures.close()]);
        closeFiles();
        await store.close();
        lock.release();
      },
    };
  } catch (error) {
    await redis?.close();
    lock.release();
    throw error;
  }
}

/** The setting's; else, where processes share a store, the first that one of them offered it (a data directory's, where it has one); else the data directory's. */
async function secretOf(settings: Settings, store: Store): Promise<ServerSecret> {
  if (settings.serverKey) return serverSecret(settings.serverKey);
  if (settings.redisUrl === null) return loadServerSecret(settings.dataDirectory);
  const offered = keptServerKey(settings.dataDirectory) ?? systemRandom.bytes(32);
  return serverSecret(Buffer.from((await store.run('server.key', { key: Buffer.from(offered).toString('base64') })).key, 'base64'));
}

/** Files on a disk that several machines see: the directory is everybody's, and holds nothing that is one process's own. */
const sharesDirectory = ({ mongodbUrl, filesPlace }: Settings): boolean => mongodbUrl !== null && filesPlace.kind === 'disk' && filesPlace.shared;

export interface Application {
  core: Core;
  /** Where it listens, as people reach it. */
  url: string;
  webBuilt: boolean;
  /** The code that whoever sets the server up must know; the same at all processes of one server. */
  setUpCode: string | null;
  /** Resolves, with the reason, should this process have to stop serving by itself. */
  lost: Promise<string>;
  /** Drains: no new work, commits finish, sockets close with 1012. */
  stop(): Promise<void>;
}

/** The web client's build lies at the same place from the sources and from the bundle. */
const WEB_ROOT = fileURLToPath(new URL('../../web/dist', import.meta.url));

/** Listens, then answers. Takes over the services: stopping closes them. @throws NotAlone */
export async function startApplication(services: Services): Promise<Application> {
  const { registry, metrics, settings, redis } = services;
  const { store, clock, logger, random } = services.deps;
  let draining = false;
  let lose = (_reason: string): void => undefined;
  const lost = new Promise<string>((resolve) => (lose = resolve));
  const registration = settings.mongodbUrl === null ? null : await registerProcess({ store, clock, logger, config: settings, id: uuidv7(clock, random), lost: (error: NotAlone) => lose(error.message) });
  const setUpCode = settings.setUpCode === null || settings.mongodbUrl === null ? settings.setUpCode : (await store.run('server.set_up_code', { code: settings.setUpCode })).code;

  // The origins follow from the port, so it is chosen before the server is made.
  const port = settings.port === 0 ? await freePort(settings.host) : settings.port;
  const config = { ...settings, port, setUpCode, ...(settings.urlGiven ? {} : addressesOf(settings.host, port)) };
  const wake = redis === null ? null : redisWake(redis, { clock, logger });
  const deps: Deps = { ...services.deps, config, ...(wake && { store: tellingStore(store, () => wake.tell(JOBS)) }) };
  const core = createCore(deps, [], config.rateLimits && redis !== null ? openRateLimits(metrics, redis) : undefined);
  const log = openLog(deps, redis);
  const indexer = new SearchIndexer(deps);
  const indexWatch = redis === null ? null : new IndexWatch(deps, indexer, uuidv7(clock, random));
  const realtime = createRealtime(deps, {
    log, registry, alone: redis === null, roles: config.roles, tookOver: () => indexWatch?.compare(),
    delta: async (tx, caller, stream, cursor, limit) => ({ ...(await streamDelta(tx, caller, stream, cursor, limit)), stream }),
    consumers: [membershipConsumer(deps.store), threadsConsumer(deps.store), inboxConsumer(deps.store, config.largeChannel), pushConsumer(deps.store), digestConsumer(deps), cardsConsumer(deps.store), indexer],
  });
  const load = new LoadMonitor(deps, settings.shedDelayMs, processSampler());
  const readiness = () => readReadiness({ store, roles: config.roles, draining: () => draining, redisUp: () => redis?.isUp() ?? null, overload: () => load.overload, partitions: () => realtime.partitions() });
  const web = loadWebFiles(WEB_ROOT);
  const server = createHttpServer({ core, web, readiness, metricsText: () => metrics.text(), load });
  const sockets = attachWebSockets(server, deps, realtime.gateway, load);
  await realtime.start();
  if (config.roles.has('dispatcher')) {
    if (indexWatch) indexWatch.compare();
    else indexer.start();
  }
  const jobs = new JobWorker(deps, new StoreJobs(deps.store), { [IMPORT_JOB]: importJob(deps), [COLLECT_JOB]: collectJob(deps), [EXPIRE_DEVICES_JOB]: expireDevicesJob(deps), [REMINDER_JOB]: reminderJob(deps), [INBOX_JOB]: inboxJob(deps), [SCHEDULED_JOB]: scheduledJob(deps), [PUSH_JOB]: pushJob(deps), [INVITE_MAIL_JOB]: inviteMailJob(deps), [DIGEST_JOB]: digestJob(deps), [LINK_CARDS_JOB]: linkCardsJob(deps) }, [LINK_CARDS_JOB], [IMPORT_JOB]);
  wake?.on(JOBS, () => jobs.wake());
  if (config.roles.has('worker')) {
    await requeueImports(deps.store);
    await scheduleCollection(deps, COLLECT_AFTER_START_MS);
    await scheduleDeviceExpiry(deps, COLLECT_AFTER_START_MS);
    await deps.store.run('jobs.revive', { kinds: [REMINDER_JOB, SCHEDULED_JOB, INBOX_JOB, LINK_CARDS_JOB] });
    jobs.start();
  }
  const stopWork = async (): Promise<void> => {
    await within(DRAIN_MS / 2, Promise.all([indexer.stop(), indexWatch?.stop(), realtime.stop()]), () => logger.warn({}, 'what was read from the log is finished by others, or at the next start'));
    await within(DRAIN_MS / 4, log.close(), () => logger.warn({}, 'the log did not close in time'));
    load.close();
    wake?.close();
    await registration?.leave();
  };
  try {
    await listen(server, settings.host, port);
  } catch (error) {
    sockets.close();
    await jobs.stop();
    await stopWork();
    throw error;
  }

  return {
    core,
    url: config.url,
    webBuilt: web !== undefined,
    setUpCode,
    lost,
    async stop() {
      if (draining) return;
      draining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const idle = setInterval(() => server.closeIdleConnections(), 50);
      await within(DRAIN_MS, Promise.all([
        realtime.drain(),
        within(DRAIN_MS / 2, jobs.stop(), () => logger.warn({}, 'a job did not stop in time; it goes on when its lease has ended')),
      ]), () => logger.warn({}, 'sockets were cut: they did not close in time'));
      sockets.close();
      await within(DRAIN_MS / 2, closed, () => server.closeAllConnections());
      clearInterval(idle);
      // Last, so that what all of them committed is on its way.
      await stopWork();
      await services.close();
    },
  };
}

/** Push services want to know whom to ask; they refuse addresses of this machine, which no other would reach either. */
const contactOf = (url: string): string => (url.startsWith('https:') ? url : `mailto:parley@${new URL(url).hostname}`);

async function within(ms: number, work: Promise<unknown>, late: () => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      late();
      resolve();
    }, ms);
  });
  await Promise.race([work, patience]);
  clearTimeout(timer);
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: 4_096 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function freePort(host: string): Promise<number> {
  const probe = createProbe();
  await new Promise<void>((resolve, reject) => probe.once('error', reject).listen(0, host, resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
