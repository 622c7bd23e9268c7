import { microsToIso } from '@parley/shared/domain/timestamp';
import type { Draft } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import { LIMITS } from '@parley/shared/protocol/limits';
import { userStream } from '@parley/shared/domain/streams';
import { putEntity } from '../../storage/streams.ts';
import { defineCommand } from '../../storage/command.ts';
import { demandAccess, type ActorRef } from '../channels/channel-access.ts';
import { demandMessage } from '../messages/find-message.ts';
import { dropOwn, ownRow, putOwn } from '../own-entities.ts';

export interface DraftText {
  id: string;
  channel_id: string;
  thread_root_id: string | null;
  client_msg_id: string;
  content: string;
  file_ids: string[];
  base_version: number;
}

export const draftCommands = {
  /**
   * Keeps a text. Two texts are never mixed: one that another device has changed or dropped meanwhile is a conflict, and
   * the newcomer keeps its text under an id of its own. What a device writes after itself never conflicts, so a repeat of
   * an answer that was lost does nothing.
   */
  'drafts.put': defineCommand(async (tx, args: { who: ActorRef; device_id: string; draft: DraftText }): Promise<Draft> => {
    const { who, device_id } = args;
    const { base_version, ...text } = args.draft;
    await demandAccess(tx, who, text.channel_id, 'channel.view');
    if (text.thread_root_id !== null) await demandMessage(tx, who, { channel_id: text.channel_id, message_id: text.thread_root_id });
    const row = await ownRow<Draft>(tx, who.user_id, 'draft', text.id);
    if (row) {
      const before = row.doc;
      if (before.deleted) throw new ParleyError('conflict', 'the draft was sent or dropped');
      if (before.channel_id !== text.channel_id || (before.thread_root_id ?? null) !== text.thread_root_id) throw new ParleyError('conflict', 'the draft is of another place');
      if (before.content === text.content && String(before.file_ids) === String(text.file_ids)) return before;
      if (before.device_id !== device_id && before.version > base_version) throw new ParleyError('conflict', 'another device has changed the draft');
    }
    const at = tx.now();
    return putOwn<Draft>(tx, who.user_id, 'draft', text.id, { ...text, version: (row?.doc.version ?? 0) + 1, device_id, updated_at: microsToIso(at) }, { most: LIMITS.drafts, sort: String(at) });
  }),

  /** Of a draft that never was it leaves a tombstone too: its text may still be on the way, and must not come after its end. */
  'drafts.delete': defineCommand(async (tx, args: { user_id: string; id: string }) => {
    const deleted = await dropOwn(tx, args.user_id, 'draft', args.id);
    if (!deleted && !(await ownRow(tx, args.user_id, 'draft', args.id))) await putEntity(tx, userStream(args.user_id), { type: 'draft', id: args.id, deleted: true });
    return { deleted };
  }),
};
