import type { Channel } from '@parley/shared/protocol/entities';
import type { SendArgs } from '../../features/messages/send.command.ts';
import type { Store } from '../port.ts';
import { runScript, type Step } from '../testing.commands.ts';

const WORKSPACE = '00000000-0000-7000-8000-000000000001';
const USER = '00000000-0000-7000-8000-000000000002';
export const CHANNELS = [3, 4, 5].map((n) => `00000000-0000-7000-8000-00000000000${n}`);

export const channelDocument = (id: string, workspace: string, members: number): Channel => ({
  id, workspace_id: workspace, kind: 'public', name: id, topic: '', purpose: '', member_count: members, archived: false, posting: 'everyone',
  created_at: '2026-01-01T00:00:00.000Z', head_seq: 0, head_rev: 0, purged_through_seq: 0,
});

/** Rows that the product's own sends ask for: one person in a few channels. The store needs the commands of the contract suite. */
export async function setUpConversation(store: Store): Promise<void> {
  const put = (table: string, row: Record<string, unknown>): Step => ({ table, do: 'put', row });
  await runScript(store, [
    put('workspace_members', { workspace_id: WORKSPACE, user_id: USER, role: 'member', joined_at: 0, deactivated: 0, sort_name: 'u' }),
    ...CHANNELS.flatMap((id) => [
      put('heads', { stream: `channel:${id}`, rev: 0, seq: 0, last_at: 0, floor: 0 }),
      put('channels', { id, workspace_id: WORKSPACE, kind: 'public', rev: 0, browse_name: id, members: 1, counted_at: 0, doc: channelDocument(id, WORKSPACE, 1) }),
      put('members', { channel_id: id, user_id: USER, role: 'member', stay_id: 's', visible_from_seq: 1, joined_seq: 0, joined_at: 0 }),
    ]),
  ]);
}

export const sendOf = (channel_id: string, client_msg_id: string): SendArgs => ({
  who: { user_id: USER, server_role: 'member' }, channel_id, client_msg_id, content: `message ${client_msg_id}`, fingerprint: client_msg_id,
  named: { user_ids: [], group_ids: [], everyone: 'none' },
});
