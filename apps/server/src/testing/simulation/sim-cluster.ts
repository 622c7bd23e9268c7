import { SeededRandom } from '@parley/shared/testing/seeded-random';
import type { Role } from '../../config/config.ts';
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
import { DiskUploads } from '../../files/disk/disk-uploads.ts';
import { MemoryFiles } from '../../files/memory/memory-files.ts';
import { JobWorker } from '../../jobs/job-worker.ts';
import { StoreJobs } from '../../jobs/store-jobs.ts';
import { EmbeddedLog } from '../../log/embedded/embedded-log.ts';
import { noMail } from '../../mail/port.ts';
import { noPictures } from '../../pictures/port.ts';
import type { Deps } from '../../platform/deps.ts';
import { silentLogger, type Logger } from '../../platform/logger.ts';
import { noMetrics } from '../../platform/metrics.ts';
import { noPush } from '../../push/port.ts';
import type { SocketEvents, SocketLink } from '../../realtime/link.ts';
import { createRealtime, type Realtime } from '../../realtime/realtime.ts';
import { EmbeddedRegistry } from '../../registry/embedded/embedded-registry.ts';
import { MemorySearchIndex } from '../../search/memory/memory-index.ts';
import type { Fault } from '../../storage/memory/faults.ts';
import { openMemoryStore, type MemoryStore } from '../../storage/memory/memory-store.ts';
import { fakePasswords, testConfig, testSecret } from '../test-core.ts';
import { Pause, ProcessClock } from './pause.ts';
import { ProcessLog, ProcessRegistry } from './process-links.ts';
import { describe, everyPage, PROJECTIONS, SimServer } from './sim-server.ts';

/** What runs while all is well; one more dispatcher comes and goes. */
const TOPOLOGY: readonly (readonly Role[])[] = [['api', 'gateway'], ['api', 'gateway'], ['dispatcher'], ['dispatcher'], ['worker'], ['worker']];

interface Process {
  roles: ReadonlySet<Role>;
  pause: Pause;
  store: MemoryStore;
  core: Core;
  realtime: Realtime;
  registry: ProcessRegistry;
  sockets: Set<() => void>;
  died: Promise<null>;
  die(): void;
}

/** The real server as several processes on one store, with one log and one registry between them; each dies, pauses, drains and comes back by itself. */
export class SimCluster extends SimServer {
  private readonly processes: (Process | null)[] = [];
  private readonly starting = new Set<number>();
  private shared: { log: EmbeddedLog; registry: EmbeddedRegistry; files: MemoryFiles } | null = null;
  private readonly turn = { turn: Promise.resolve() };

  private get live(): Process[] { return this.processes.filter((p) => p !== null); }
  protected override get answers(): boolean { return this.live.some((p) => p.roles.has('api')); }
  override get up(): boolean { return TOPOLOGY.every((_, i) => this.processes[i] && !this.processes[i].pause.paused); }
  override get store(): MemoryStore { return this.live.find((p) => !p.pause.paused)!.store; }

  /** Whatever is not there, or paused. */
  override async start(): Promise<void> {
    for (const process of this.live) process.pause.go();
    for (let place = 0; place < TOPOLOGY.length; place++) if (!this.processes[place]) await this.startAt(place, TOPOLOGY[place]!);
  }

  override kill(): void {
    for (let place = 0; place < this.processes.length; place++) this.killAt(place);
  }

  /** One process of them. */
  override disturb(): boolean {
    const { chance, clock } = this;
    const place = chance.between(0, TOPOLOGY.length);
    const process = this.processes[place];
    const later = (work: () => void): void => void clock.setTimer(chance.between(0, 6_000), work);
    if (place === TOPOLOGY.length) {
      // One that joins, and leaves or dies again.
      if (!process) void this.startAt(place, ['dispatcher']);
      else if (chance.of(0.5)) this.killAt(place);
      else void this.drainAt(place);
    } else if (!process) return true;
    else if (process.pause.paused) process.pause.go();
    else if (chance.of(0.5)) {
      this.killAt(place);
      later(() => void this.startAt(place, TOPOLOGY[place]!));
    } else if (chance.of(0.6)) {
      // Beyond every lease.
      process.pause.stop();
      clock.setTimer(chance.between(500, 20_000), () => process.pause.go());
    } else if (chance.of(0.3)) this.shared!.log.forget();
    else void this.drainAt(place).then(() => later(() => void this.startAt(place, TOPOLOGY[place]!)));
    return true;
  }

  private async startAt(place: number, roles: readonly Role[]): Promise<void> {
    if (this.processes[place] || this.starting.has(place)) return;
    this.starting.add(place);
    try {
      await this.make(place, new Set(roles));
    } finally {
      this.starting.delete(place);
    }
  }

  private async make(place: number, roles: ReadonlySet<Role>): Promise<void> {
    const random = new SeededRandom(this.seed * 1_000 + ++this.starts);
    this.shared ??= { log: new EmbeddedLog({ clock: this.clock, random }), registry: new EmbeddedRegistry({ clock: this.clock, random }), files: new MemoryFiles() };
    const { log, files } = this.shared;
    const pause = new Pause();
    const clock = new ProcessClock(this.clock, pause);
    this.state ??= { snapshot: {}, incarnation: '0190a000-0000-7000-8000-00000000aaaa', together: { turn: this.turn.turn, committed: (events) => this.reads.committed(events) } };
    const store = openMemoryStore({
      clock: this.clock, random, state: this.state,
      faults: (command, attempt): Fault => (this.troubled && this.endsBefore(place, command) ? 'lost' : this.troubled && attempt === 1 && this.chance.of(0.04) ? this.chance.pick(['conflict', 'duplicate', 'lost', 'unknown']) : 'none'),
      onYield: async (point) => {
        // Between commit and log, and between commit and answer.
        if (this.troubled && (point === 'committed' || point === 'answer') && this.chance.of(0.002)) this.endsSoon(place);
        if (this.troubled && this.chance.of(0.25)) await this.clock.sleep(this.chance.between(0, 15));
        await pause.awake();
      },
    });
    const registry = new ProcessRegistry(this.shared.registry, pause);
    const logger: Logger = { ...silentLogger, error: (fields, message) => void this.errors.push(`${message} ${describe(fields)}`), child: () => logger };
    const outside = { push: noPush, mailer: noMail, secret: testSecret, links: everyPage, cardPictures: files, archives: files, uploads: new DiskUploads('/nowhere') };
    const deps: Deps = { store, clock, random, passwords: fakePasswords, presence: registry, logger, metrics: noMetrics, search: new MemorySearchIndex(), pictures: noPictures, files, config: { ...testConfig, largeChannel: this.largeChannel, roles }, ...outside };
    const realtime = createRealtime(deps, {
      log: new ProcessLog(log, pause), registry, alone: false, roles,
      delta: async (tx, caller, stream, cursor, limit) => ({ ...(await streamDelta(tx, caller, stream, cursor, limit)), stream }),
      consumers: [membershipConsumer(store), threadsConsumer(store), inboxConsumer(store, deps.config.largeChannel), pushConsumer(store), digestConsumer({ store, mailer: noMail }), cardsConsumer(store)],
    });
    let die = (): void => {};
    const died = new Promise<null>((resolve) => { die = () => resolve(null); });
    this.processes[place] = { roles, pause, store, core: createCore(deps), realtime, registry, sockets: new Set(), died, die };
    await Promise.race([realtime.start(), died]);
    if (!pause.alive || !roles.has('worker')) return;
    new JobWorker(deps, new StoreJobs(store), { [REMINDER_JOB]: reminderJob(deps), [SCHEDULED_JOB]: scheduledJob(deps), [INBOX_JOB]: inboxJob(deps), [LINK_CARDS_JOB]: linkCardsJob(deps) }, [LINK_CARDS_JOB]).start();
  }

  private endsBefore(place: number, command: string): boolean {
    if (!PROJECTIONS.has(command) || !this.chance.of(0.03)) return false;
    this.endsSoon(place);
    return true;
  }

  private endsSoon(place: number): void {
    this.clock.setTimer(0, () => {
      this.killAt(place);
      if (place < TOPOLOGY.length) this.clock.setTimer(this.chance.between(0, 6_000), () => void this.startAt(place, TOPOLOGY[place]!));
    });
  }

  private killAt(place: number): void {
    const process = this.processes[place];
    if (!process) return;
    this.processes[place] = null;
    process.pause.end();
    process.die();
    process.store.crash();
    process.registry.die();
    for (const cut of [...process.sockets]) cut();
    process.sockets.clear();
  }

  /** As SIGTERM: what it has to give it gives, within its time. */
  private async drainAt(place: number): Promise<void> {
    const process = this.processes[place];
    if (!process) return;
    await Promise.race([process.realtime.stop(), process.died, this.clock.sleep(10_000)]);
    if (this.processes[place] === process) this.killAt(place);
  }

  private pick(role: Role): Process | null {
    const able = this.live.filter((p) => p.roles.has(role));
    return able.length === 0 ? null : this.chance.pick(able);
  }

  /** Any of them answers; whoever is paused does so later. */
  override async handle(request: CoreRequest): Promise<CoreResponse | null> {
    const process = this.pick('api');
    if (!process) return null;
    const token = request.headers['authorization']?.slice(7) ?? '';
    this.reads.asked(token.slice(0, token.indexOf('.')), request);
    return Promise.race([process.pause.awake().then(() => process.core.handle(request)), process.died]);
  }

  override accept(link: SocketLink, cut: () => void): SocketEvents | null {
    const process = this.pick('gateway');
    if (!process) return null;
    const events = process.realtime.gateway.accept(link, { address: '127.0.0.1', cookieToken: null });
    process.sockets.add(cut);
    return {
      message: (text) => process.pause.run(() => events.message(text)),
      closed: () => { process.sockets.delete(cut); process.pause.run(() => events.closed()); },
    };
  }
}
