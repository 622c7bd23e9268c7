import { can, type Actor } from '@parley/shared/domain/can';
import type { ChannelView } from '@parley/shared/sync/api';

/** Whether a message would be taken there now. */
export function mayPost({ channel: c, membership }: ChannelView, actor: Actor): boolean {
  return can(actor, 'message.post', { channel: { kind: c.kind, archived: c.archived, posting: c.posting, is_default: c.is_default === true, member_count: c.member_count, creator_id: c.creator_id ?? null, importing: c.importing === true, membership: membership === null ? null : { role: membership.role, visible_from_seq: membership.visible_from_seq } } }) === 'allowed';
}
