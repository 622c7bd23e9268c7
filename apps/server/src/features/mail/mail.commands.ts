import { NOTIFY_KEYS, readNotifyPreferences } from '@parley/shared/domain/notify-preferences';
import { userStream } from '@parley/shared/domain/streams';
import { timeToMicros } from '@parley/shared/domain/timestamp';
import type { InboxEntry } from '@parley/shared/protocol/entities';
import { enqueueJob, releaseDedupe } from '../../jobs/jobs.commands.ts';
import type { MailOutcome } from '../../mail/port.ts';
import { defineCommand } from '../../storage/command.ts';
import type { Tx } from '../../storage/port.ts';
import { digests, entities, invites, sessions, users } from '../../storage/tables.ts';
import { INBOX_TYPE } from '../inbox/inbox-entries.ts';
import { factsOf, type PushFacts } from '../push/push-facts.ts';
import { decidePush, newsSince, recipientOf, standingSince, type Recipient, type Standing } from '../push/push-state.ts';
import { workspaceOf } from '../workspaces/workspace-rows.ts';

export const INVITE_MAIL_JOB = 'invite_mail';
export const DIGEST_JOB = 'digest';

/** Names an invitation's token without being one: it is derived from the id when the mail is written. */
export interface InviteMail {
  token_hash: string;
  invite_id: string;
  language: string;
}
export interface InviteMailFacts {
  to: string;
  who: string;
  place: string;
  expires_at: number;
}
export interface DigestFacts {
  to: string;
  name: string;
  language: string;
  /** Names of the workspaces that it is about. */
  places: string[];
  preview: 'full' | 'sender' | 'none';
  items: PushFacts[];
  count: number;
}

const KINDS = new Set<InboxEntry['kind']>(['mention', 'dm', 'thread', 'keyword', 'reminder']);
const LISTED = 10;
const MOST_ENTRIES = 200;
const LONGEST_US = 7 * 24 * 3_600_000_000;
/** At most one digest in this time. */
export const DIGEST_EVERY_MS = 3_600_000;
const ACTIVE_AGAIN_MS = 5 * 60_000;
const MOST_REFUSALS = 6;
const PAGE = 500;
/** After the n-th refusal: 1, 4, 16 minutes and on, at most 4 hours. */
export const refusedWait = (refusals: number): number => Math.min(4 * 3_600_000, 60_000 * 4 ** refusals);

export const mailCommands = {
  /** Before an invitation's mail is sent. Null: it was claimed before, was used, or has expired. */
  'mail.claim_invite': defineCommand(async (tx, args: { token_hash: string; job: string }): Promise<InviteMailFacts | null> => {
    const invite = await tx.get(invites, [args.token_hash]);
    if (!invite || invite.email === null || invite.used_by !== null || invite.expires_at <= tx.now() || invite.mail_claim != null) return null;
    await tx.put(invites, { ...invite, mail_claim: args.job });
    const by = await tx.get(users, [invite.created_by]);
    return { to: invite.email, who: by?.doc.display_name ?? '', place: (await workspaceOf(tx, invite.workspace_id))?.name ?? '', expires_at: invite.expires_at };
  }),

  /** A refusal for now takes the claim back, and another job tries again later. */
  'mail.settle_invite': defineCommand(async (tx, args: { mail: InviteMail; job: string; outcome: MailOutcome }) => {
    const invite = await tx.get(invites, [args.mail.token_hash]);
    if (args.outcome.kind !== 'refused' || invite?.mail_claim !== args.job) return {};
    const refusals = (invite.mail_refusals ?? 0) + 1;
    if (refusals >= MOST_REFUSALS) return {};
    await tx.put(invites, { ...invite, mail_claim: null, mail_refusals: refusals });
    await enqueueJob(tx, { kind: INVITE_MAIL_JOB, payload: args.mail, delayMs: refusedWait(refusals - 1) });
    return {};
  }),

  /** A person's stream changed in (from, rev]: whoever wants mails is looked at when the first of what is new has waited long enough. */
  'digest.note': defineCommand(async (tx, args: { user_id: string; from: number; rev: number }) => {
    const recipient = await recipientOf(tx, args.user_id, tx.now());
    if (!recipient || recipient.chosen.mailAfterMs === null || !recipient.user.doc.email) return {};
    const changed = await tx.find(entities, { index: 'by_rev', prefix: [userStream(args.user_id)], gt: args.from, lte: args.rev, limit: PAGE });
    const fresh = changed.some(({ type, doc }) => {
      const entry = doc as InboxEntry & { deleted?: boolean };
      return type === INBOX_TYPE && !entry.deleted && !entry.read && KINDS.has(entry.kind) && tx.now() - timeToMicros(entry.at) < LONGEST_US;
    });
    if (fresh) await lookAt(tx, args.user_id, tx.now() + recipient.chosen.mailAfterMs * 1_000);
    return {};
  }),

  /** What a person missed, noted as told before it is sent. Null: there is nothing to send now. */
  'digest.claim': defineCommand(async (tx, args: { user_id: string; job: string; active: boolean }): Promise<DigestFacts | null> => {
    const plan = await planFor(tx, args.user_id, args.active);
    if (plan.kind !== 'send') {
      await releaseDedupe(tx, args.job);
      if (plan.kind === 'later') await lookAt(tx, args.user_id, plan.at);
      return null;
    }
    const { recipient, missed } = plan;
    const before = (await tx.get(digests, [args.user_id])) ?? { last_at: 0, told_to: 0, refusals: 0 };
    const told_to = Math.max(...missed.map(({ entry }) => timeToMicros(entry.at)));
    await tx.put(digests, { user_id: args.user_id, last_at: tx.now(), told_to, claim: { job: args.job, last_at: before.last_at, told_to: before.told_to }, refusals: before.refusals });
    const places = new Set<string>();
    for (const { channel } of missed) if (channel) places.add((await workspaceOf(tx, channel.workspace_id))?.name ?? '');
    const items: PushFacts[] = [];
    for (const one of missed.slice(0, LISTED)) items.push(await factsOf(tx, recipient, one, 1));
    return {
      to: recipient.user.doc.email!, name: recipient.user.doc.display_name, language: await languageOfPerson(tx, args.user_id), places: [...places], preview: recipient.chosen.preview, items, count: missed.length,
    };
  }),

  'digest.settle': defineCommand(async (tx, args: { user_id: string; job: string; outcome: MailOutcome }) => {
    await releaseDedupe(tx, args.job);
    const row = await tx.get(digests, [args.user_id]);
    if (row?.claim?.job !== args.job) return {};
    const refused = args.outcome.kind === 'refused' && row.refusals + 1 < MOST_REFUSALS;
    await tx.put(digests, refused ? { ...row, ...row.claim, claim: null, refusals: row.refusals + 1 } : { ...row, claim: null, refusals: 0 });
    if (refused) await lookAt(tx, args.user_id, tx.now() + refusedWait(row.refusals) * 1_000);
    else {
      // What came while this one was sent.
      const next = await planFor(tx, args.user_id, false);
      if (next.kind === 'later') await lookAt(tx, args.user_id, next.at);
    }
    return {};
  }),
};

type Plan = { kind: 'nothing' } | { kind: 'later'; at: number } | { kind: 'send'; recipient: Recipient; missed: Standing[] };

async function planFor(tx: Tx, userId: string, active: boolean): Promise<Plan> {
  const recipient = await recipientOf(tx, userId, tx.now());
  if (!recipient || recipient.chosen.mailAfterMs === null || !recipient.user.doc.email) return { kind: 'nothing' };
  // A mail makes no noise: do not disturb is not about it.
  const { [NOTIFY_KEYS.dndUntil]: _until, [NOTIFY_KEYS.dndSchedule]: _schedule, ...preferences } = recipient.preferences;
  const awake: Recipient = { ...recipient, preferences, chosen: readNotifyPreferences(preferences) };
  const row = await tx.get(digests, [userId]);
  const missed: Standing[] = [];
  let later = Infinity;
  for (const one of await standingSince(tx, awake, Math.max((row?.told_to ?? 0) + 1, tx.now() - LONGEST_US), null, MOST_ENTRIES)) {
    if (!KINDS.has(one.entry.kind) || !(await decidePush(tx, awake, one, tx.now() / 1_000, false)).push) continue;
    const due = (await newsSince(tx, awake, one, row?.told_to ?? 0)) + recipient.chosen.mailAfterMs * 1_000;
    if (due > tx.now()) later = Math.min(later, due);
    else missed.push(one);
  }
  if (missed.length === 0) return later === Infinity ? { kind: 'nothing' } : { kind: 'later', at: later };
  if (active) return { kind: 'later', at: tx.now() + ACTIVE_AGAIN_MS * 1_000 };
  const earliest = (row?.last_at ?? 0) + DIGEST_EVERY_MS * 1_000;
  return earliest > tx.now() ? { kind: 'later', at: earliest } : { kind: 'send', recipient: awake, missed };
}

/** That of the session used last. */
async function languageOfPerson(tx: Tx, userId: string): Promise<string> {
  const rows = await tx.find(sessions, { prefix: [userId], limit: 1_000 });
  return rows.filter(({ revoked_at, language }) => revoked_at === null && language !== undefined).sort((a, b) => b.last_active_at - a.last_active_at)[0]?.language ?? 'en';
}

async function lookAt(tx: Tx, userId: string, at: number): Promise<void> {
  await enqueueJob(tx, { kind: DIGEST_JOB, payload: { user_id: userId }, dedupe: `digest:${userId}`, delayMs: Math.max(0, (at - tx.now()) / 1_000) });
}
