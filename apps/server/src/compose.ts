import { createServer as createProbe, type AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { addressesOf, type Settings } from './config/load-config.ts';
import { createCore, type Core } from './core.ts';
import { createHttpServer, type Readiness } from './edge/http.ts';
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
import { loadServerSecret, serverSecret, type ServerSecret } from './platform/server-secret.ts';
import { openPush } from './push/open-push.ts';
import { newVapidKeys } from './push/web/vapid-request.ts';
import { COLLECT_JOB, collectJob, scheduleCollection } from './features/files/collect.service.ts';
import { IMPORT_JOB } from './features/imports/imports.commands.ts';
import { importJob, requeueImports } from './features/imports/imports.service.ts';
import { INBOX_JOB } from './features/inbox/inbox.commands.ts';
import { inboxConsumer, inboxJob } from './features/inbox/inbox.service.ts';
import { membershipConsumer } from './features/membership/membership.service.ts';
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
import { openLog } from './log/open-log.ts';
import { argon2Passwords } from './platform/argon2-passwords.ts';
import { lockDataDirectory } from './platform/data-lock.ts';
import type { Deps } from './platform/deps.ts';
import { pinoLogger } from './platform/pino-logger.ts';
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

/** Until then, whoever waited for the server has it alone. */
const COLLECT_AFTER_START_MS = 60_000;

/** The store and what goes with it: all that a command of the command line needs. */
export interface Services {
  deps: Deps;
  settings: Settings;
  registry: Registry;
  metrics: PromMetrics;
  /** Commits what waits, and gives the data directory free. */
  close(): Promise<void>;
}

/** Opens the data directory for this process alone. @throws DataInUse */
export async function openServices(settings: Settings): Promise<Services> {
  const lock = lockDataDirectory(settings.dataDirectory);
  try {
    const metrics = promMetrics();
    const logger = pinoLogger(settings.logLevel);
    const source = { clock: systemClock, random: systemRandom };
    const store = await openStore(settings, metrics, logger);
    const registry = openRegistry({ ...source, logger, metrics }, null);
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
      // Over the embedded store a page costs hardly more to read than to find here.
      ...(settings.mongodbUrl !== null && { pages: new PageCache(metrics) }),
    };
    return {
      deps, settings, registry, metrics,
      async close() {
        await Promise.all([push.close(), mailer.close(), registry.close()]);
        await Promise.all([search.close(), pictures.close()]);
        closeFiles();
        await store.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The setting's; else, where processes share a store, the first that one of them offered it; else the data directory's. */
async function secretOf(settings: Settings, store: Store): Promise<ServerSecret> {
  if (settings.serverKey) return serverSecret(settings.serverKey);
  if (settings.redisUrl === null) return loadServerSecret(settings.dataDirectory);
  return serverSecret(Buffer.from((await store.run('server.key', { key: Buffer.from(systemRandom.bytes(32)).toString('base64') })).key, 'base64'));
}

export interface Application {
  core: Core;
  /** Where it listens, as people reach it. */
  url: string;
  webBuilt: boolean;
  /** Drains: no new work, commits finish, sockets close with 1012. */
  stop(): Promise<void>;
}

/** The web client's build lies at the same place from the sources and from the bundle. */
const WEB_ROOT = fileURLToPath(new URL('../../web/dist', import.meta.url));

/** Listens, then answers. Takes over the services: stopping closes them. */
export async function startApplication(services: Services): Promise<Application> {
  const { registry, metrics, settings } = services;
  let draining = false;

  // The origins follow from the port, so it is chosen before the server is made.
  const port = settings.port === 0 ? await freePort(settings.host) : settings.port;
  const config = { ...settings, port, ...(settings.urlGiven ? {} : addressesOf(settings.host, port)) };
  const deps: Deps = { ...services.deps, config };
  const core = createCore(deps);
  const log = openLog(deps, null);
  const indexer = new SearchIndexer(deps);
  const realtime = createRealtime(deps, {
    log, registry, alone: true,
    delta: async (tx, caller, stream, cursor, limit) => ({ ...(await streamDelta(tx, caller, stream, cursor, limit, deps.pages)), stream }),
    consumers: [membershipConsumer(deps.store), threadsConsumer(deps.store), inboxConsumer(deps.store, config.largeChannel), pushConsumer(deps.store), digestConsumer(deps), cardsConsumer(deps.store), indexer],
  });
  const readiness = async (): Promise<Readiness> => {
    const store = await deps.store.health();
    const reasons = [...(draining ? ['shutting down'] : []), ...store.problems];
    return { ready: reasons.length === 0, reasons, store };
  };
  const web = loadWebFiles(WEB_ROOT);
  const server = createHttpServer({ core, web, readiness, metricsText: () => metrics.text() });
  const sockets = attachWebSockets(server, deps, realtime.gateway);
  await realtime.start();
  indexer.start();
  const jobs = new JobWorker(deps, new StoreJobs(deps.store), { [IMPORT_JOB]: importJob(deps), [COLLECT_JOB]: collectJob(deps), [REMINDER_JOB]: reminderJob(deps), [INBOX_JOB]: inboxJob(deps), [SCHEDULED_JOB]: scheduledJob(deps), [PUSH_JOB]: pushJob(deps), [INVITE_MAIL_JOB]: inviteMailJob(deps), [DIGEST_JOB]: digestJob(deps), [LINK_CARDS_JOB]: linkCardsJob(deps) }, [LINK_CARDS_JOB]);
  if (config.roles.has('worker')) {
    await requeueImports(deps.store);
    await scheduleCollection(deps, COLLECT_AFTER_START_MS);
    await deps.store.run('jobs.revive', { kinds: [REMINDER_JOB, SCHEDULED_JOB, INBOX_JOB, LINK_CARDS_JOB] });
    jobs.start();
  }
  try {
    await listen(server, settings.host, port);
  } catch (error) {
    sockets.close();
    await Promise.all([realtime.stop(), jobs.stop(), indexer.stop()]);
    await log.close();
    throw error;
  }

  return {
    core,
    url: config.url,
    webBuilt: web !== undefined,
    async stop() {
      if (draining) return;
      draining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const idle = setInterval(() => server.closeIdleConnections(), 50);
      await within(DRAIN_MS, realtime.stop(), () => deps.logger.warn({}, 'sockets were cut: they did not close in time'));
      sockets.close();
      await within(DRAIN_MS / 2, closed, () => server.closeAllConnections());
      clearInterval(idle);
      await within(DRAIN_MS / 2, indexer.stop(), () => deps.logger.warn({}, 'the search index did not stop in time; the next start goes on'));
      await within(DRAIN_MS / 2, jobs.stop(), () => deps.logger.warn({}, 'a job did not stop in time; it goes on when its lease has ended'));
      await log.close();
      await services.close();
    },
  };
}

/** Push services want to know whom to ask; they refuse addresses of this machine, which no other would reach either. */
const contactOf = (url: string): string => (url.startsWith('https:') ? url : `mailto:parley@${new URL(url).hostname}`);

async function within(ms: number, work: Promise<void>, late: () => void): Promise<void> {
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
