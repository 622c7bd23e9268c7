import type { NamedTargets } from '@parley/shared/domain/mentions';
import type { Message } from '@parley/shared/protocol/entities';
import { LIMITS } from '@parley/shared/protocol/limits';
import type { ReadTx, Tx } from '../../storage/port.ts';
import { groups, members, mentions, workspaceMembers, type MemberRow, type MessageRow } from '../../storage/tables.ts';
import { membersOf } from '../groups/group-rows.ts';

/** Whom a text names, found out at send: what the message shows, and whom `<!here>` meant. */
export interface Targets {
  mentions: Message['mentions'];
  /** Members who were here, when the text says `<!here>`. */
  here: string[];
  /** Members of the channel who are in the groups that the text names. */
  grouped: string[];
}

/**
 * Looks up who is named. People who are not of the workspace are nobody, and so are groups that are archived or of elsewhere.
 * `hereIds` are the people who are here, as the caller found them; only members of the channel count of them and of groups.
 * `seq` is the place of a message that has one already: its groups and its `<!channel>` name those whose stay began before it.
 */
export async function resolveTargets(tx: ReadTx, place: { channel_id: string; workspace_id: string; author_id: string; seq?: number }, named: NamedTargets, hereIds: readonly string[]): Promise<Targets> {
  const userIds: string[] = [];
  for (const id of named.user_ids) {
    if (await tx.get(workspaceMembers, [place.workspace_id, id])) userIds.push(id);
  }
  const before = (m: MemberRow): boolean => place.seq === undefined || m.joined_seq < place.seq;
  const found: Message['mentions'] = { user_ids: userIds, group_ids: [], everyone: named.everyone };
  const candidates = new Set<string>();
  for (const id of named.group_ids) {
    const group = await tx.get(groups, [id]);
    if (!group || group.workspace_id !== place.workspace_id || group.doc.archived) continue;
    found.group_ids.push(id);
    for (const member of await membersOf(tx, id)) candidates.add(member.user_id);
  }
  candidates.delete(place.author_id);
  const grouped: string[] = [];
  for (const id of candidates) {
    const member = await tx.get(members, [place.channel_id, id]);
    if (member && before(member)) grouped.push(id);
  }
  const here: string[] = [];
  let all: string[] = [];
  if (named.everyone === 'here') {
    for (const id of new Set(hereIds)) {
      if (id !== place.author_id && (await tx.get(members, [place.channel_id, id]))) here.push(id);
    }
  } else if (named.everyone === 'channel') {
    const first = await tx.find(members, { prefix: [place.channel_id], limit: LIMITS.listed_people + 1 });
    all = first.filter(before).map((m) => m.user_id).filter((id) => id !== place.author_id);
  }
  if (found.group_ids.length > 0 || named.everyone !== 'none') found.target_ids = listed([...grouped, ...here, ...all]);
  return { mentions: found, here, grouped };
}

/** What a message shows of whom it was resolved to. */
export const listed = (userIds: readonly string[]): string[] => [...new Set(userIds)].slice(0, LIMITS.listed_people);

/** The columns of a message's row that keep whom it was resolved to. */
export function targetColumns({ mentions, here, grouped }: Targets): Pick<MessageRow, 'targets' | 'here'> {
  const targets = [...new Set([...grouped, ...here])];
  return { ...(targets.length > 0 && { targets }), ...(mentions.group_ids.length > 0 && here.length > 0 && { here }) };
}

/** Who was here when a message with `<!here>` was sent. */
export const hereOf = (row: Pick<MessageRow, 'targets' | 'here' | 'doc'>): string[] => row.here ?? (row.doc.mentions.group_ids.length === 0 ? (row.targets ?? []) : []);

/** Everybody whom a message names but by `<!channel>`, in the order of their ids. */
export const namedBy = (row: Pick<MessageRow, 'doc' | 'targets'>): string[] => [...new Set([...row.doc.mentions.user_ids, ...(row.targets ?? [])])].sort();

/** Makes the mention rows of a message those that its document asks for: none unless it counts. `fresh`: it has none yet. */
export async function storeMentions(tx: Tx, row: MessageRow, fresh: boolean): Promise<void> {
  const wanted = row.counted_seq === null ? new Set<string>() : new Set(namedBy(row));
  wanted.delete(row.author_id);
  const everyone = row.everyone_seq === null ? 0 : 1;
  if (!fresh) {
    for (;;) {
      const old = await tx.find(mentions, { index: 'by_message', prefix: [row.channel_id, row.seq], limit: 500 });
      const gone = old.filter((m) => !wanted.has(m.user_id));
      for (const m of gone) await tx.delete(mentions, [m.channel_id, m.user_id, m.seq]);
      if (old.length < 500 || gone.length === 0) break;
    }
  }
  for (const userId of wanted) await tx.put(mentions, { channel_id: row.channel_id, user_id: userId, seq: row.seq, everyone });
}
