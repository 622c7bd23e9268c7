import { uuidv7 } from '@parley/shared/domain/ids';
import { authenticate } from '../edge/session.ts';
import { cardsConsumer } from '../features/cards/cards.service.ts';
import { inboxConsumer } from '../features/inbox/inbox.service.ts';
import { digestConsumer } from '../features/mail/digest-mail.ts';
import { membershipConsumer } from '../features/membership/membership.service.ts';
import { pushConsumer } from '../features/push/push.service.ts';
import { SearchIndexer } from '../features/search/search-indexer.ts';
import { streamDelta } from '../features/sync/delta.ts';
import { threadsConsumer } from '../features/threads/threads.service.ts';
import type { DispatchLog } from '../log/port.ts';
import type { Deps } from '../platform/deps.ts';
import type { Registry } from '../registry/port.ts';
import { ConsumerRunner, type Consumer } from './consumers.ts';
import { Dispatcher } from './dispatcher.ts';
import { RealtimeGateway } from './gateway.ts';
import { ALL_PARTITIONS, StoreLeases } from './leases.ts';
import type { Gateway } from './link.ts';
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
}

/** Everything that has to follow each commit; a new one is a line here. */
const durableConsumers = (deps: Deps): Consumer[] => [membershipConsumer(deps.store), threadsConsumer(deps.store), inboxConsumer(deps.store, deps.config.largeChannel), pushConsumer(deps.store), digestConsumer(deps), cardsConsumer(deps.store), new SearchIndexer(deps)];

/** The way from a commit to the sockets: relay, dispatcher, gateway, and the sweeper that makes sure. */
export interface Realtime {
  readonly gateway: Gateway;
  /** Takes the partitions, then logs what an earlier process left. */
  start(): Promise<void>;
  /** Closes the sockets with 1012, then lets what is under way finish. */
  stop(): Promise<void>;
}

export function createRealtime(deps: Deps, parts: RealtimeParts): Realtime {
  const id = uuidv7(deps.clock, deps.random);
  const ledger = new OutboxLedger();
  const relay = new Relay(deps, parts.log, ledger);
  const sweeper = new Sweeper(deps, parts.log, relay, ledger);
  const dispatcher = new Dispatcher(id, deps, {
    log: parts.log, registry: parts.registry, leases: new StoreLeases(deps.store, id, parts.alone), groups: ALL_PARTITIONS,
    consumers: new ConsumerRunner(deps, parts.consumers ?? durableConsumers(deps), ledger),
  });
  const gateway = new RealtimeGateway(deps, {
    registry: parts.registry, delta: parts.delta ?? streamDelta,
    authenticate: async (token) => (await authenticate(deps.store, token, deps.clock.now()))?.caller ?? null,
  });
  return {
    gateway,
    async start() {
      relay.start();
      await dispatcher.start();
      await sweeper.start();
    },
    async stop() {
      await gateway.drain();
      await sweeper.stop();
      relay.stop();
      await dispatcher.stop();
    },
  };
}
