import { uuidv7 } from '@parley/shared/domain/ids';
import { authenticate } from '../edge/session.ts';
import { cardsConsumer } from '../features/cards/cards.service.ts';
import { inboxConsumer } from '../features/inbox/inbox.service.ts';
import { DeviceNotes } from '../features/devices/device-notes.ts';
import { digestConsumer } from '../features/mail/digest-mail.ts';
import { membershipConsumer } from '../features/membership/membership.service.ts';
import { pushConsumer } from '../features/push/push.service.ts';
import { SearchIndexer } from '../features/search/search-indexer.ts';
import { streamDelta } from '../features/sync/delta.ts';
import { threadsConsumer } from '../features/threads/threads.service.ts';
import type { DispatchLog } from '../log/port.ts';
import type { Deps } from '../platform/deps.ts';
import type { Registry } from '../registry/port.ts';
import type { Role } from '../config/config.ts';
import { ConsumerRunner, type Consumer } from './consumers.ts';
import { Dispatcher } from './dispatcher.ts';
import { RealtimeGateway } from './gateway.ts';
import { SharedLeases, SoleLeases } from './leases.ts';
import { noGateway, type Gateway } from './link.ts';
import type { StreamDeltaReader } from './opening.ts';
import { OutboxLedger } from './outbox-ledger.ts';
import { Relay } from './relay.ts';
import { Sweeper } from './sweeper.ts';

export interface RealtimeParts {
  log: DispatchLog;
  registry: Registry;
  /** Absent: those of the product. */
  delta?: StreamDeltaReader;
  consumers?: readonly Consumer[];
  /** This process is the only one on its store. */
  alone: boolean;
  /** What this process does; absent: everything. */
  roles?: ReadonlySet<Role>;
  /** Another dispatcher died, with what it had only in its memory. */
  tookOver?(): void;
}

/** Everything that has to follow each commit; a new one is a line here. */
const durableConsumers = (deps: Deps): Consumer[] => [membershipConsumer(deps.store), threadsConsumer(deps.store), inboxConsumer(deps.store, deps.config.largeChannel), pushConsumer(deps.store), digestConsumer(deps), cardsConsumer(deps.store), new SearchIndexer(deps)];

/** The way from a commit to the sockets: relay, dispatcher, gateway, and the sweeper that makes sure. */
export interface Realtime {
  /** Without the role one that sends everybody away. */
  readonly gateway: Gateway;
  /** What the dispatcher has; null without the role. */
  partitions(): { count: number; kept: boolean } | null;
  /** Takes the partitions, then logs what an earlier process left. */
  start(): Promise<void>;
  /** Takes no more sockets, and closes those there are with 1012. */
  drain(): Promise<void>;
  /** Drains, lets what is under way finish, and gives the partitions to others. */
  stop(): Promise<void>;
}

/**
 * Each process logs what it commits, whatever its roles; the dispatchers among them share the partitions of the log, and
 * sweep the outbox rows of their own.
 */
export function createRealtime(deps: Deps, parts: RealtimeParts): Realtime {
  const has = (role: Role): boolean => parts.roles?.has(role) ?? true;
  const ledger = new OutboxLedger();
  const relay = new Relay(deps, parts.log, ledger);
  const dispatching = has('dispatcher') ? createDispatching(deps, parts, relay, ledger) : null;
  const devices = has('gateway') ? new DeviceNotes(deps) : null;
  const gateway: Gateway = devices
    ? new RealtimeGateway(deps, { devices, registry: parts.registry, delta: parts.delta ?? streamDelta, authenticate: async (token) => (await authenticate(deps.store, token, deps.clock.now()))?.caller ?? null })
    : noGateway;
  let drained: Promise<void> | null = null;
  const drain = (): Promise<void> => (drained ??= gateway.drain());
  return {
    gateway,
    drain,
    partitions: () => dispatching?.dispatcher.partitions.state() ?? null,
    async start() {
      relay.start();
      await dispatching?.dispatcher.start();
      await dispatching?.sweeper.start();
      devices?.start();
    },
    async stop() {
      await drain();
      await devices?.stop();
      await dispatching?.sweeper.stop();
      // What consumers commit while they finish is logged, too.
      await dispatching?.dispatcher.stop();
      await relay.stop();
    },
  };
}

function createDispatching(deps: Deps, parts: RealtimeParts, relay: Relay, ledger: OutboxLedger): { dispatcher: Dispatcher; sweeper: Sweeper } {
  const id = uuidv7(deps.clock, deps.random);
  const leases = parts.alone ? new SoleLeases(deps.store, id) : new SharedLeases(deps.store, id);
  const dispatcher = new Dispatcher(id, deps, {
    log: parts.log, registry: parts.registry, leases, ledger, ...(parts.tookOver && { tookOver: parts.tookOver }),
    consumers: new ConsumerRunner(deps, parts.consumers ?? durableConsumers(deps), ledger, () => leases.fence()),
  });
  return { dispatcher, sweeper: new Sweeper(deps, { log: parts.log, relay, ledger, progress: dispatcher.partitions, alone: parts.alone }) };
}
