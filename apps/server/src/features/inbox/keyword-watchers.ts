import { leadsIn, leadsOf } from '@parley/shared/domain/keywords';
import { NOTIFY_KEYS, readNotifyPreferences } from '@parley/shared/domain/notify-preferences';
import type { Preference } from '@parley/shared/protocol/entities';
import type { ReadTx, Tx } from '../../storage/port.ts';
import { channels, keywordHits, keywordWatchers, workspaceMembers, type ChannelRow } from '../../storage/tables.ts';
import { findMessage } from '../messages/find-message.ts';
import { own } from '../own-entities.ts';

/** The most that one person's keywords are filed under: each may have a second spelling. */
export const LEADS_MAX = 100;
const WORKSPACES_MAX = 1_000;

/** Brings the index of one workspace in line with the person's keywords. */
export async function indexKeywords(tx: Tx, workspaceId: string, userId: string): Promise<void> {
  const preference = await own<Preference>(tx, userId, 'preference', NOTIFY_KEYS.keywords);
  const { keywords } = readNotifyPreferences({ [NOTIFY_KEYS.keywords]: preference?.value });
  const wanted = new Map<string, string[]>();
  for (const keyword of keywords) for (const lead of leadsOf(keyword)) wanted.set(lead, [...(wanted.get(lead) ?? []), keyword]);
  for (const row of await tx.find(keywordWatchers, { index: 'by_user', prefix: [workspaceId, userId], limit: LEADS_MAX })) {
    if (!wanted.has(row.lead)) await tx.delete(keywordWatchers, [workspaceId, row.lead, userId]);
  }
  for (const [lead, list] of [...wanted].slice(0, LEADS_MAX)) await tx.put(keywordWatchers, { workspace_id: workspaceId, lead, user_id: userId, keywords: list });
}

/** After the person's choice changed: in all their workspaces. */
export async function indexKeywordsEverywhere(tx: Tx, userId: string): Promise<void> {
  for (const member of await tx.find(workspaceMembers, { index: 'by_user', prefix: [userId], limit: WORKSPACES_MAX })) await indexKeywords(tx, member.workspace_id, userId);
}

/** Whether messages of a channel are looked through at all: not where each is told of anyway, nor where nobody has keywords. */
export async function isWatched(tx: ReadTx, channel: Pick<ChannelRow, 'kind' | 'workspace_id'>): Promise<boolean> {
  if (channel.kind === 'dm' || channel.kind === 'group_dm') return false;
  return (await tx.find(keywordWatchers, { prefix: [channel.workspace_id], limit: 1 })).length > 0;
}

/** Words of a message that somebody's keywords are filed under, and whether somebody was told of an earlier text. */
export async function watchedWords(tx: ReadTx, channelId: string, messageId: string): Promise<{ leads: string[]; told: boolean }> {
  const channel = await tx.get(channels, [channelId]);
  const row = channel && (await findMessage(tx, { channel_id: channelId, message_id: messageId }));
  if (!channel || !row) return { leads: [], told: false };
  const leads: string[] = [];
  for (const lead of leadsIn(row.doc.content)) if ((await tx.find(keywordWatchers, { prefix: [channel.workspace_id, lead], limit: 1 })).length > 0) leads.push(lead);
  return { leads, told: (await tx.find(keywordHits, { prefix: [channelId, messageId], limit: 1 })).length > 0 };
}
