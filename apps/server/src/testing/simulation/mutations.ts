/** A planted bug: exact pieces of source and what stands in their place. Each piece must be there once. */
export interface Mutation {
  name: string;
  changes: { file: string; from: string; to: string }[];
  /** A seed that has caught it, tried before the others. */
  likely?: number;
  /** It shows where there are several processes. */
  cluster?: boolean;
}

const client = (file: string): string => `libs/shared/src/sync/${file}`;
const server = (file: string): string => `apps/server/src/${file}`;

/** Bugs of the kinds that make a sync system lie now and then. The simulation must see every one of them. */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'head read after rows, in a second snapshot',
    likely: 99,
    changes: [
      { file: server('features/sync/sync.routes.ts'), from: 'import { sync } from \'./sync.service.ts\';', to: 'import { sync } from \'./sync.service.ts\';\nimport { headOf } from \'../../storage/streams.ts\';' },
      {
        file: server('features/sync/sync.routes.ts'),
        from: '({ caller }, input) => sync(deps, caller, input)',
        to: `async ({ caller }, input) => {
          const answer = await sync(deps, caller, input);
          for (const [stream, part] of Object.entries(answer.streams)) {
            if (!part.has_more && !part.gone) part.to = part.head = (await deps.store.read((tx) => headOf(tx, stream as never))).rev;
          }
          return answer;
        }`,
      },
    ],
  },
  {
    name: 'events dropped by a high-water mark',
    changes: [{ file: client('channel-replica.ts'), from: 'const contiguous = this.cursor !== null && from <= this.cursor;', to: 'const contiguous = this.cursor !== null;' }],
  },
  {
    name: 'a range declared valid at the cursor',
    likely: 7,
    changes: [{ file: client('ranges.ts'), from: 'validRev: headRev, missingTo: headRev >= cursor ? 0 : cursor })', to: 'validRev: Math.max(headRev, cursor), missingTo: 0 })' }],
  },
  {
    name: 'delta served before subscribing',
    likely: 19,
    changes: [
      { file: server('realtime/following.ts'), from: 'if (hubs.every((hub) => hub.ready && !hub.pending && hub.changedAt <= step)) return attach(result);', to: 'await ready(streamsOf(result));\n        if (step >= 0) return attach(result);' },
      { file: server('realtime/following.ts'), from: ' && first.delta.head >= follow.hub.rev && !first.delta.gone) {', to: ' && !first.delta.gone) {' },
      { file: server('realtime/catch-up.ts'), from: 'if (!delta.has_more && delta.head >= catching.needed) {', to: 'if (!delta.has_more) {' },
    ],
  },
  {
    name: 'an ack without epoch',
    changes: [{ file: server('features/reading/reading.commands.ts'), from: '  if (epoch !== null && epoch !== row.doc.read_epoch) return;\n', to: '' }],
  },
  {
    name: 'a page\'s cursor set to head while has_more',
    changes: [{ file: client('channel-replica.ts'), from: 'if (contiguous) this.advance(delta.to, delta.to >= delta.head && !delta.has_more);', to: 'if (contiguous) this.advance(delta.head, delta.to >= delta.head && !delta.has_more);' }],
  },
  {
    name: 'outbox row cleared when logged rather than consumed',
    likely: 29,
    changes: [{
      file: server('realtime/relay.ts'),
      from: 'await this.log.append(partition, events)',
      to: 'await this.log.append(partition, events).then(() => this.deps.store.run(\'outbox.consumed\', { ids: events.map((e) => e.outbox_id), consumer: \'all\', consumers: [\'all\'] }))',
    }],
  },
  {
    name: 'a rejoiner starting at epoch 0',
    likely: 16,
    changes: [{ file: server('features/membership/memberships.ts'), from: '  return (row.doc.deleted ? (row.read_epoch ?? 0) : row.doc.read_epoch) + 1;', to: '  return 0;' }],
  },
  {
    name: 'a live frame lost as the last one',
    changes: [{ file: server('realtime/hubs.ts'), from: '      follow.told = event.rev;\n', to: '      follow.told = follow.acked = event.rev;\n' }],
  },
  {
    name: 'a successor that begins behind what the log holds',
    cluster: true,
    changes: [{ file: server('realtime/partitions.ts'), from: 'position ??= await log.acknowledged(partition);', to: 'position ??= running.token === 1 ? await log.acknowledged(partition) : 1e9;' }],
  },
  {
    name: 'a sweeper that brings only what its own process logged',
    cluster: true,
    changes: [{ file: server('realtime/sweeper.ts'), from: 'if (!ledger.owns(partition) || ', to: 'if (!ledger.inFlight(row.id, log.incarnation(), now, 1e9) || ' }],
  },
  {
    name: 'a dispatcher that died keeps its partitions',
    cluster: true,
    changes: [{ file: server('storage/dispatchers.commands.ts'), from: 'else if (row.until + grace > now) living.add(row.holder);', to: 'else if (row.until + grace > 0) living.add(row.holder);' }],
  },
];
