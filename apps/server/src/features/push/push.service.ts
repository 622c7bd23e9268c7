import { parseStream } from '@parley/shared/domain/streams';
import type { PushPayload } from '@parley/shared/protocol/calls/push';
import { languageOf, wordsOf } from '../../i18n/words.ts';
import type { JobHandler } from '../../jobs/job-worker.ts';
import { digest } from '../../platform/secrets.ts';
import type { Deps } from '../../platform/deps.ts';
import type { Store, StoredEvent } from '../../storage/port.ts';
import { pushPeople } from '../../storage/tables.ts';
import type { PushClaim, PushJob } from './push.commands.ts';
import { pathOf, pushText } from './push-text.ts';

/** What news and reading come as. */
const ABOUT = new Set(['inbox_entry', 'membership', 'thread']);
const TTL_SECONDS = 4 * 3_600;

/** Whether an event of a person's stream may change what they have to be told; one without its entities may. */
export const tellsOfInbox = (event: StoredEvent): boolean => event.stream.startsWith('user:') && (event.entities === undefined || event.entities.some(({ type }) => ABOUT.has(type)));

/** The durable consumer that has people's devices told of what comes and of what was read. */
export function pushConsumer(store: Store): { name: string; wants(event: StoredEvent): boolean; consume(event: StoredEvent): Promise<void> } {
  return {
    name: 'push',
    wants: tellsOfInbox,
    async consume(event) {
      const { id } = parseStream(event.stream)!;
      if (await store.recall(pushPeople, [id])) await store.run('push.note', { user_id: id, from: event.from, rev: event.rev });
    },
  };
}

/**
 * Brings one device in line with the inbox: claims, sends, settles. Cut short between claiming and settling, what was claimed
 * counts as told, so that nothing is shown twice.
 */
export function pushJob(deps: Pick<Deps, 'store' | 'push' | 'presence' | 'logger' | 'metrics'>): JobHandler {
  return async (job) => {
    const place = job.payload as PushJob;
    const usage = async () => {
      const { active, connected } = await deps.presence.usageOf(place.user_id);
      return { active, connected: connected.includes(place.device_id) };
    };
    const claim = await deps.store.run('push.claim', { ...place, job: job.id, ...(await usage()) });
    if (claim.kind === 'nothing') return;
    const outcome = await deps.push.send(claim.target, { payload: payloadOf(place, claim), collapse: collapseOf(place), ttlSeconds: TTL_SECONDS });
    deps.metrics.count('parley_pushes_total', 1, { kind: claim.target.kind, outcome: outcome.kind });
    if ('detail' in outcome) deps.logger.warn({ device_id: place.device_id, kind: claim.target.kind, outcome: outcome.kind, detail: outcome.detail }, 'a push was not sent for certain');
    await deps.store.run('push.settle', { ...place, job: job.id, outcome, ...(await usage()) });
  };
}

function payloadOf(place: PushJob, claim: Exclude<PushClaim, { kind: 'nothing' }>): PushPayload {
  const { user_id: account, tag } = place;
  if (claim.kind === 'withdraw') return { kind: 'withdraw', account, tag };
  return { kind: 'show', account, tag, ...pushText(claim.facts, claim.preview, wordsOf(languageOf(claim.language))), path: pathOf(claim.facts), items: claim.items.slice(-MOST_ITEMS) };
}
/** A payload holds 4 KB; the newest decide when it is over. */
const MOST_ITEMS = 8;

/** The same for one channel of one device, and nothing that a push service could read. */
export const collapseOf = ({ user_id, device_id, tag }: PushJob): string => digest(`${user_id} ${device_id} ${tag}`).slice(0, 32);
