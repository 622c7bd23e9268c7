import { keyOfEntry } from '@parley/shared/domain/notify-entry';
import type { NotifyPreferences } from '@parley/shared/domain/notify-preferences';
import { userStream } from '@parley/shared/domain/streams';
import { timeToMicros } from '@parley/shared/domain/timestamp';
import type { InboxEntry } from '@parley/shared/protocol/entities';
import { enqueueBy, releaseDedupe } from '../../jobs/jobs.commands.ts';
import type { PushOutcome, PushTarget } from '../../push/port.ts';
import { defineCommand } from '../../storage/command.ts';
import type { Tx } from '../../storage/port.ts';
import { entities, meta, pushSubscriptions, pushTold, sessions, type PushSubscriptionRow, type PushToldRow } from '../../storage/tables.ts';
import { INBOX_TYPE } from '../inbox/inbox-entries.ts';
import { decidePush, newsSince, recipientOf, standingSince, tagOf, type Recipient, type Standing } from './push-state.ts';
import { factsOf, type PushFacts } from './push-facts.ts';
import { dropSubscription, putSubscription, type Asked } from './subscriptions.ts';

export const PUSH_JOB = 'push';
/** One device and one tag: what a job brings in line with the inbox. */
export interface PushJob {
  user_id: string;
  device_id: string;
  tag: string;
}
/** `active`: one of the person's devices is in use. `connected`: this one is, and tells by itself. */
export interface Usage {
  active: boolean;
  connected: boolean;
}
/** What a claim says to do. */
export type PushClaim =
  | { kind: 'nothing' }
  | { kind: 'withdraw'; target: PushTarget }
  | { kind: 'show'; target: PushTarget; language: string; preview: NotifyPreferences['preview']; facts: PushFacts; items: { entry: string; key: string }[] };

/** Older news is no news to a device. */
const NEWS_US = 2 * 3_600_000_000;
/** What was told may be taken back for this long. */
const TOLD_US = 30 * 24 * 3_600_000_000;
const ACTIVE_AGAIN_MS = 60_000;
const MOST_ENTRIES = 200;
const MOST_REFUSALS = 5;
const REFUSED_AGAIN_MS = 30_000;
const PAGE = 500;

export const pushCommands = {
  /** The server's VAPID key pair: the first that is offered is kept for good. */
  'push.keys': defineCommand(async (tx, args: { keys: { publicKey: string; privateKey: string } }): Promise<{ publicKey: string; privateKey: string }> => {
    const known = await tx.get(meta, ['vapid']);
    if (known) return known.value as { publicKey: string; privateKey: string };
    await tx.put(meta, { name: 'vapid', value: args.keys });
    return args.keys;
  }),

  'push.subscribe': defineCommand(async (tx, args: Asked) => {
    const session = await tx.get(sessions, [args.user_id, args.device_id]);
    // Revoked between the check and this.
    if (!session || session.revoked_at !== null) return { subscribed: false };
    await putSubscription(tx, args);
    return { subscribed: true };
  }),

  'push.unsubscribe': defineCommand(async (tx, args: { user_id: string; device_id: string }) => ({ dropped: await dropSubscription(tx, args.user_id, args.device_id) })),

  /**
   * A person's stream changed in (from, rev]: has their devices looked at, after the person's delay for what is new, at once
   * when all that a device was told is over. Idempotent: it only makes jobs come early enough.
   */
  'push.note': defineCommand(async (tx, args: { user_id: string; from: number; rev: number }) => {
    const devices = await tx.find(pushSubscriptions, { prefix: [args.user_id], limit: PAGE });
    const recipient = devices.length === 0 ? undefined : await recipientOf(tx, args.user_id, tx.now());
    if (!recipient) return {};
    const news = new Map<string, number>();
    for (let from = args.from; ; ) {
      const changed = await tx.find(entities, { index: 'by_rev', prefix: [userStream(args.user_id)], gt: from, lte: args.rev, limit: PAGE });
      for (const { type, doc } of changed) {
        const entry = doc as InboxEntry & { deleted?: boolean };
        if (type !== INBOX_TYPE || entry.deleted || entry.kind === 'pointer' || entry.read || tx.now() - timeToMicros(entry.at) > NEWS_US) continue;
        const due = timeToMicros(entry.at) + recipient.chosen.pushAfterMs * 1_000;
        news.set(tagOf(entry), Math.min(due, news.get(tagOf(entry)) ?? Infinity));
      }
      if (changed.length < PAGE) break;
      from = changed[changed.length - 1]!.rev;
    }
    for (const { device_id } of devices) {
      for (const [tag, due] of news) await lookAt(tx, { user_id: args.user_id, device_id, tag }, due);
      for (const row of await tx.find(pushTold, { prefix: [args.user_id, device_id], limit: PAGE })) {
        if (row.claim === null && (await stillStanding(tx, recipient, row)).length === 0) await lookAt(tx, { user_id: args.user_id, device_id, tag: row.tag }, tx.now());
      }
    }
    return {};
  }),

  /**
   * Says what a device is to be told now, and notes it before anything is sent: whatever happens then, it is not told the same
   * again.
   */
  'push.claim': defineCommand(async (tx, args: PushJob & Usage & { job: string }): Promise<PushClaim> => {
    const place = { user_id: args.user_id, device_id: args.device_id, tag: args.tag };
    const plan = await planFor(tx, place, args);
    if (plan.kind === 'show') {
      const items = [...plan.row.told, ...plan.fresh.map(itemOf)];
      await tx.put(pushTold, { ...plan.row, told: items, claim: { job: args.job, kind: 'show', fresh: plan.fresh.map(({ key }) => key) } });
      const facts = await factsOf(tx, plan.recipient, plan.fresh[0]!, items.length);
      return { kind: 'show', target: plan.subscription.target as PushTarget, language: plan.subscription.language, preview: plan.recipient.chosen.preview, facts, items };
    }
    if (plan.kind === 'withdraw') {
      await tx.put(pushTold, { ...plan.row, claim: { job: args.job, kind: 'withdraw', fresh: [] } });
      return { kind: 'withdraw', target: plan.subscription.target as PushTarget };
    }
    await releaseDedupe(tx, args.job);
    if (plan.kind === 'later') await lookAt(tx, place, plan.at);
    return { kind: 'nothing' };
  }),

  /** What became of it. From here on the job does nothing more, and what has come meanwhile is looked at by another. */
  'push.settle': defineCommand(async (tx, args: PushJob & Usage & { job: string; outcome: PushOutcome }) => {
    const { outcome } = args;
    const place = { user_id: args.user_id, device_id: args.device_id, tag: args.tag };
    await releaseDedupe(tx, args.job);
    const row = await tx.get(pushTold, [args.user_id, args.device_id, args.tag]);
    if (row?.claim?.job !== args.job) return {};
    if (outcome.kind === 'gone') {
      await dropSubscription(tx, args.user_id, args.device_id);
      return {};
    }
    const { claim } = row;
    if (outcome.kind === 'refused' && row.refusals + 1 < MOST_REFUSALS) {
      await tx.put(pushTold, { ...row, told: row.told.filter(({ key }) => !claim.fresh.includes(key)), claim: null, refusals: row.refusals + 1 });
      await lookAt(tx, place, tx.now() + (outcome.retryAfterMs ?? REFUSED_AGAIN_MS * 2 ** row.refusals) * 1_000);
      return {};
    }
    if (claim.kind === 'withdraw') await tx.delete(pushTold, [args.user_id, args.device_id, args.tag]);
    else await tx.put(pushTold, { ...row, claim: null, refusals: 0, shown: row.shown === 1 || outcome.kind === 'sent' || outcome.kind === 'unknown' ? 1 : 0 });
    const next = await planFor(tx, place, args);
    if (next.kind === 'later') await lookAt(tx, place, next.at);
    else if (next.kind !== 'nothing') await lookAt(tx, place, tx.now());
    return {};
  }),
};

type Plan =
  | { kind: 'nothing' }
  | { kind: 'later'; at: number }
  | { kind: 'withdraw'; subscription: PushSubscriptionRow; row: PushToldRow }
  | { kind: 'show'; subscription: PushSubscriptionRow; recipient: Recipient; row: PushToldRow; fresh: Standing[] };

/** How a device differs from the person's inbox. `row` of a plan holds what was told and still stands. */
async function planFor(tx: Tx, { user_id, device_id, tag }: PushJob, { active, connected }: Usage): Promise<Plan> {
  const subscription = await tx.get(pushSubscriptions, [user_id, device_id]);
  if (!subscription) return { kind: 'nothing' };
  const recipient = await recipientOf(tx, user_id, tx.now());
  const session = await tx.get(sessions, [user_id, device_id]);
  if (!recipient || !session || session.revoked_at !== null || session.expires_at <= tx.now()) {
    await dropSubscription(tx, user_id, device_id);
    return { kind: 'nothing' };
  }
  const row = await openRow(tx, { user_id, device_id, tag });
  const told = await stillStanding(tx, recipient, row);
  const known = new Set(row.told.map(({ key }) => key));
  const fresh: Standing[] = [];
  let later = Infinity;
  for (const one of await standingSince(tx, recipient, Math.max(tx.now() - NEWS_US, subscription.created_at), tag, MOST_ENTRIES)) {
    if (known.has(one.key)) continue;
    const { push, waits } = await decidePush(tx, recipient, one, tx.now() / 1_000, active);
    const due = (await newsSince(tx, recipient, one, lastTold(row, one))) + recipient.chosen.pushAfterMs * 1_000;
    if (waits) later = Math.min(later, Math.max(due, tx.now() + ACTIVE_AGAIN_MS * 1_000));
    else if (push && due > tx.now()) later = Math.min(later, due);
    else if (push) fresh.push(one);
  }
  if (connected) {
    // Its page has told of them, or had a reason not to; it takes back what it told, too.
    const items = [...told, ...fresh.map(itemOf)];
    if (items.length > 0) await tx.put(pushTold, { ...row, told: items, shown: 1 });
    else await tx.delete(pushTold, [user_id, device_id, tag]);
    return later === Infinity ? { kind: 'nothing' } : { kind: 'later', at: later };
  }
  if (fresh.length > 0) return { kind: 'show', subscription, recipient, row: { ...row, told }, fresh };
  if (row.told.length > 0 && told.length === 0) {
    if (row.shown === 1) return { kind: 'withdraw', subscription, row };
    await tx.delete(pushTold, [user_id, device_id, tag]);
  }
  return later === Infinity ? { kind: 'nothing' } : { kind: 'later', at: later };
}

/** A claim that is still there was cut short by a crash: it may have been shown. */
async function openRow(tx: Tx, place: PushJob): Promise<PushToldRow> {
  const row = (await tx.get(pushTold, [place.user_id, place.device_id, place.tag])) ?? { ...place, told: [], shown: 0, claim: null, refusals: 0 };
  if (row.claim === null) return row;
  const mended: PushToldRow = { ...row, claim: null, shown: 1 };
  await tx.put(pushTold, mended);
  return mended;
}

/** What a device was told and the inbox still has, unread. */
async function stillStanding(tx: Tx, recipient: Recipient, row: PushToldRow): Promise<PushToldRow['told']> {
  if (row.told.length === 0) return [];
  const now = await standingSince(tx, recipient, tx.now() - TOLD_US, row.tag, MOST_ENTRIES);
  const keys = new Set(now.map(({ key }) => key));
  return row.told.filter(({ key }) => keys.has(key));
}

/** When what was told of the same entry happened, in microseconds; the key ends with it. */
function lastTold(row: PushToldRow, { entry }: Standing): number {
  const times = row.told.filter((item) => item.entry === entry.id).map(({ key }) => timeToMicros(key.slice(key.lastIndexOf(' ') + 1)));
  return Math.max(0, ...times);
}

const itemOf = ({ entry }: Standing) => ({ entry: entry.id, key: keyOfEntry(entry) });

/** Has a job look at a device's tag at that time or earlier. */
async function lookAt(tx: Tx, place: PushJob, at: number): Promise<void> {
  await enqueueBy(tx, { kind: PUSH_JOB, payload: place, dedupe: `push:${place.user_id}:${place.device_id}:${place.tag}`, delayMs: Math.max(0, (at - tx.now()) / 1_000) });
}
