import type { File } from '@parley/shared/protocol/entities';
import { SeededRandom } from '@parley/shared/testing/seeded-random';
import { createCore, type Core, type CoreRequest, type CoreResponse } from '../../core.ts';
import { cardsConsumer, LINK_CARDS_JOB, linkCardsJob } from '../../features/cards/cards.service.ts';
import { INBOX_JOB } from '../../features/inbox/inbox.commands.ts';
import { inboxConsumer, inboxJob } from '../../features/inbox/inbox.service.ts';
import { digestConsumer } from '../../features/mail/digest-mail.ts';
import { membershipConsumer } from '../../features/membership/membership.service.ts';
import { pushConsumer } from '../../features/push/push.service.ts';
import { REMINDER_JOB } from '../../features/saved/saved.commands.ts';
import { reminderJob } from '../../features/saved/saved.routes.ts';
import { SCHEDULED_JOB } from '../../features/scheduled/scheduled.commands.ts';
import { scheduledJob } from '../../features/scheduled/scheduled.service.ts';
import { streamDelta } from '../../features/sync/delta.ts';
import { threadsConsumer } from '../../features/threads/threads.service.ts';
import { JobWorker } from '../../jobs/job-worker.ts';
import { StoreJobs } from '../../jobs/store-jobs.ts';
import { EmbeddedLog } from '../../log/embedded/embedded-log.ts';
import type { Deps } from '../../platform/deps.ts';
import { silentLogger, type Logger } from '../../platform/logger.ts';
import { noMetrics } from '../../platform/metrics.ts';
import type { SocketEvents, SocketLink } from '../../realtime/link.ts';
import { createRealtime, type Realtime } from '../../realtime/realtime.ts';
import { EmbeddedRegistry } from '../../registry/embedded/embedded-registry.ts';
import type { Fault } from '../../storage/memory/faults.ts';
import { PageCache } from '../../features/messages/page-cache.ts';
import { DiskUploads } from '../../files/disk/disk-uploads.ts';
import { MemoryFiles } from '../../files/memory/memory-files.ts';
import type { LinkReader } from '../../links/port.ts';
import { noPictures } from '../../pictures/port.ts';
import { MemorySearchIndex } from '../../search/memory/memory-index.ts';
import { openMemoryStore, type MemoryState, type MemoryStore } from '../../storage/memory/memory-store.ts';
import { noMail } from '../../mail/port.ts';
import { noPush } from '../../push/port.ts';
import { fakePasswords, testConfig, testSecret } from '../test-core.ts';
import type { Chance } from './chance.ts';
import { ReadOracle } from './read-oracle.ts';
import { MortalClock, type SimClock } from './sim-clock.ts';

export const PROJECTIONS = new Set(['membership.project', 'threads.recount', 'scheduled.send', 'cards.set', 'jobs.complete', 'pointers.settle', 'pointers.note', 'pointers.begin']);
/** Each page is called by its address. */
export const everyPage: LinkReader = { read: async (url) => ({ kind: 'page', facts: { title: url, description: '', site: '' }, picture: null }) };

interface Process { store: MemoryStore; core: Core; realtime: Realtime; clock: MortalClock; died: Promise<null>; die(): void }

/** The real server over a store that survives it: it can be killed at any moment and started again. */
export class SimServer {
  protected state: MemoryState | undefined;
  private running: Process | null = null;
  private readonly sockets = new Set<() => void>();
  protected starts = 0;
  /** Faults and uneven pace of the store. */
  troubled = false;
  readonly reads = new ReadOracle();
  /** Where devices take the ids of their files from. */
  readonly ids: SeededRandom;
  /** Errors that the server logged, and frames out of order: a simulation expects none. */
  readonly errors: string[] = [];

  /** In every second seed, three people are many: rooms grow large and shrink as they come and go. */
  readonly largeChannel: number;

  constructor(protected readonly clock: SimClock, protected readonly chance: Chance, protected readonly seed: number) {
    this.ids = new SeededRandom(seed * 31 + 7);
    this.largeChannel = seed % 2 === 0 ? 2 : 1_000;
  }

  get up(): boolean { return this.running !== null; }
  /** Somebody takes calls. */
  protected get answers(): boolean { return this.running !== null; }
  get store(): MemoryStore { return this.running!.store; }

  async start(): Promise<void> {
    const random = new SeededRandom(this.seed * 1_000 + ++this.starts);
    const clock = new MortalClock(this.clock);
    const store = openMemoryStore({
      clock, random, ...(this.state && { state: this.state }),
      faults: (command, attempt): Fault => (this.troubled && this.diesBefore(command) ? 'lost' : this.troubled && attempt === 1 && this.chance.of(0.04) ? this.chance.pick(['conflict', 'duplicate', 'lost', 'unknown']) : 'none'),
      onYield: async () => {
        if (this.troubled && this.chance.of(0.25)) await this.clock.sleep(this.chance.between(0, 15));
      },
    });
    this.state = store.state;
    store.onCommitted((events) => this.reads.committed(events));
    const registry = new EmbeddedRegistry({ clock, random });
    const logger: Logger = { ...silentLogger, error: (fields, message) => void this.errors.push(`${message} ${describe(fields)}`), child: () => logger };
    const outside = { push: noPush, mailer: noMail, secret: testSecret, links: everyPage, cardPictures: new MemoryFiles(), archives: new MemoryFiles(), uploads: new DiskUploads('/nowhere'), pages: new PageCache(noMetrics) };
    const deps: Deps = { store, clock, random, passwords: fakePasswords, presence: registry, logger, metrics: noMetrics, search: new MemorySearchIndex(), pictures: noPictures, files: new MemoryFiles(), config: { ...testConfig, largeChannel: this.largeChannel }, ...outside };
    const log = new EmbeddedLog({ clock, random });
    const realtime = createRealtime(deps, {
      log, registry, alone: true,
      delta: async (tx, caller, stream, cursor, limit) => ({ ...(await streamDelta(tx, caller, stream, cursor, limit)), stream }),
      consumers: [membershipConsumer(store), threadsConsumer(store), inboxConsumer(store, deps.config.largeChannel), pushConsumer(store), digestConsumer({ store, mailer: noMail }), cardsConsumer(store)],
    });
    let die = (): void => {};
    const died = new Promise<null>((resolve) => { die = () => resolve(null); });
    const process: Process = { store, core: createCore(deps), realtime, clock, died, die };
    await realtime.start();
    this.running = process;
    new JobWorker(deps, new StoreJobs(store), { [REMINDER_JOB]: reminderJob(deps), [SCHEDULED_JOB]: scheduledJob(deps), [INBOX_JOB]: inboxJob(deps), [LINK_CARDS_JOB]: linkCardsJob(deps) }, [LINK_CARDS_JOB]).start();
  }

  /** Now and then the process dies between a commit and what has to follow it. */
  private diesBefore(command: string): boolean {
    if (!PROJECTIONS.has(command) || !this.chance.of(0.06)) return false;
    this.clock.setTimer(0, () => this.die?.());
    return true;
  }
  /** How the scenario troubles it; false: by killing and starting it again. */
  disturb(): boolean { return false; }

  /** How the scenario lets it die: killed, and started again later. */
  die: (() => void) | null = null;

  /** As SIGKILL does: log and gateway are gone, the store is what was committed. */
  kill(): void {
    const process = this.running;
    if (!process) return;
    this.running = null;
    process.clock.kill();
    process.die();
    process.store.crash();
    for (const cut of [...this.sockets]) cut();
    this.sockets.clear();
  }

  /** Null when nobody answers: the process is not there, or dies before it has answered. */
  async handle(request: CoreRequest): Promise<CoreResponse | null> {
    const process = this.running;
    if (!process) return null;
    const token = request.headers['authorization']?.slice(7) ?? '';
    this.reads.asked(token.slice(0, token.indexOf('.')), request);
    return Promise.race([process.core.handle(request), process.died]);
  }

  /** What arrived by resumable uploads, by their address: one that is whole is not stored again. */
  private readonly arrived = new Map<string, File>();
  /** Takes a file in. Null when nobody answers. */
  async storeFile(address: string, file: { name: string; bytes: string; token: string }): Promise<File | null> {
    const held = this.arrived.get(address);
    if (held) return this.answers ? held : null;
    const bytes = new TextEncoder().encode(file.bytes);
    const response = await this.handle({
      method: 'POST', path: 'files', query: { name: file.name }, headers: { authorization: `Bearer ${file.token}`, 'content-type': 'text/plain', 'content-length': String(bytes.length) }, address: '127.0.0.1',
      raw: (async function* () { yield bytes; })(),
    });
    if (response && response.status >= 300 && response.status < 500) this.errors.push(`a file was refused: ${JSON.stringify(response.body)}`);
    if (!response || response.status >= 300) return null;
    const stored = response.body as File;
    this.arrived.set(address, stored);
    return stored;
  }

  /** Null when nobody listens. `cut` is called when the process dies. */
  accept(link: SocketLink, cut: () => void): SocketEvents | null {
    const process = this.running;
    if (!process) return null;
    const events = process.realtime.gateway.accept(link, { address: '127.0.0.1', cookieToken: null });
    this.sockets.add(cut);
    return { message: (text) => void (this.running === process && events.message(text)), closed: () => { this.sockets.delete(cut); if (this.running === process) events.closed(); } };
  }
}

export const describe = (fields: object): string => Object.entries(fields).map(([k, v]) => `${k}=${v instanceof Error ? v.stack : String(v)}`).join(' ');
