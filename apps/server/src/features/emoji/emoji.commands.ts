import { workspaceStream } from '@parley/shared/domain/streams';
import type { CustomEmoji } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import { LIMITS } from '@parley/shared/protocol/limits';
import { defineCommand } from '../../storage/command.ts';
import { putEntity } from '../../storage/streams.ts';
import { claims, emoji, type EmojiRow } from '../../storage/tables.ts';
import type { ActorRef } from '../channels/channel-access.ts';
import { refer, unrefer } from '../files/file-rows.ts';
import { settleHolds, type Hold } from '../files/holds.commands.ts';
import { demandMayManage } from '../groups/groups.commands.ts';
import { wrong } from '../groups/group-rows.ts';

interface Blob { hash: string; size: number }

const nameClaim = (workspaceId: string, name: string): string => `emoji:${workspaceId}:${name}`;

export const emojiCommands = {
  /** The bytes are kept already. @throws ParleyError `conflict` when the workspace has an emoji of this name. */
  'emoji.add': defineCommand(async (tx, args: { who: ActorRef; emoji: CustomEmoji; picture: Blob; still: Blob | null; holds?: Hold[] }): Promise<CustomEmoji> => {
    const { id, workspace_id, name } = args.emoji;
    await demandMayManage(tx, args.who, workspace_id);
    const known = await tx.get(emoji, [id]);
    if (known) return known.doc;
    if ((await tx.count(emoji, { index: 'by_name', prefix: [workspace_id] })) >= LIMITS.emoji) throw wrong('name', `at most ${LIMITS.emoji} emoji`);
    if (await tx.get(claims, [nameClaim(workspace_id, name)])) throw new ParleyError('conflict', 'name is taken', { errors: [{ path: 'name', message: 'is taken' }] });
    await tx.insert(claims, { id: nameClaim(workspace_id, name), owner_id: id });
    const row: EmojiRow = { id, workspace_id, name, created_at: tx.now(), hash: args.picture.hash, still: args.still?.hash ?? null, doc: args.emoji };
    await settleHolds(tx, args.holds ?? []);
    for (const blob of [args.picture, args.still]) if (blob) await refer(tx, blob);
    await tx.insert(emoji, row);
    await putEntity(tx, workspaceStream(workspace_id), { type: 'emoji', ...args.emoji });
    return row.doc;
  }),

  /** Its bytes go with the next collection. */
  'emoji.remove': defineCommand(async (tx, args: { who: ActorRef; emoji_id: string }) => {
    const row = await tx.get(emoji, [args.emoji_id]);
    if (!row) throw new ParleyError('not_found', 'not there, or not for you');
    await demandMayManage(tx, args.who, row.workspace_id);
    for (const hash of [row.hash, row.still]) if (hash !== null) await unrefer(tx, hash);
    await tx.delete(claims, [nameClaim(row.workspace_id, row.name)]);
    await tx.delete(emoji, [row.id]);
    await putEntity(tx, workspaceStream(row.workspace_id), { type: 'emoji', id: row.id, workspace_id: row.workspace_id, deleted: true });
    return {};
  }),
};
