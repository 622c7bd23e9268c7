import type { NamedTargets } from '@parley/shared/domain/mentions';
import type { Message } from '@parley/shared/protocol/entities';
import { LIMITS } from '@parley/shared/protocol/limits';
import type { ReadTx, Tx } from '../../storage/port.ts';
import { members, mentions, workspaceMembers, type MessageRow } from '../../storage/tables.ts';

/** Whom a text names, found out at send: what the message shows, and whom `<!here>` meant. */
export interface Targets {
  mentions: Message['mentions'];
  /** Members who were here, when the text says `<!here>`. */
  here: string[];
}

/**
 * Looks up who is named. People who are not of the workspace are nobody, and groups are unknown for now. `hereIds` are the
 * people who are here, as the caller found them; only members of the channel count of them. `seq` is the place of a message that
 * has one already: its `<!channel>` names those whose stay began before it, as the counts have it.
 */
export async function resolveTargets(tx: ReadTx, place: { channel_id: string; workspace_id: string; author_id: string; seq?: number }, named: NamedTargets, hereIds: readonly string[]): Promise<Targets> {
  const userIds: string[] = [];
  for (const id of named.user_ids) {
    if (await tx.get(workspaceMembers, [place.workspace_id, id])) userIds.push(id);
  }
  const found: Message['mentions'] = { user_ids: userIds, group_ids: [], everyone: named.everyone };
  const here: string[] = [];
  if (named.everyone === 'here') {
    for (const id of new Set(hereIds)) {
      if (id !== place.author_id && (await tx.get(members, [place.channel_id, id]))) here.push(id);
    }
    found.target_ids = here.slice(0, LIMITS.listed_people);
  } else if (named.everyone === 'channel') {
    const first = await tx.find(members, { prefix: [place.channel_id], limit: LIMITS.listed_people + 1 });
    found.target_ids = first.filter((m) => place.seq === undefined || m.joined_seq < place.seq).map((m) => m.user_id).filter((id) => id !== place.author_id).slice(0, LIMITS.listed_people);
  }
  return { mentions: found, here };
}

/** Makes the mention rows of a message those that its document asks for: none unless it counts. `fresh`: it has none yet. */
export async function storeMentions(tx: Tx, row: MessageRow, fresh: boolean): Promise<void> {
  const wanted = row.counted_seq === null ? new Set<string>() : new Set([...row.doc.mentions.user_ids, ...(row.targets ?? [])]);
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
