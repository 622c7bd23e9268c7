import type { ChannelChange } from '../../storage/streams.ts';
import { messages } from '../../storage/tables.ts';
import { buildMessageRow } from './message-row.ts';

export type SystemEvent = 'joined' | 'left' | 'added' | 'removed' | 'renamed' | 'topic' | 'archived' | 'unarchived';

const LISTED = 50;
const people = (ids: readonly string[]): string => ids.slice(0, LISTED).map((id) => `<@${id}>`).join(', ');

const TEXT: Record<SystemEvent, (userIds: readonly string[], text: string) => string> = {
  joined: () => 'joined', left: () => 'left',
  added: (ids) => `added ${people(ids)}`, removed: (ids) => `removed ${people(ids)}`,
  renamed: (_ids, text) => `renamed the channel to ${text}`, topic: (_ids, text) => (text === '' ? 'cleared the topic' : `set the topic to ${text}`),
  archived: () => 'archived the channel', unarchived: () => 'opened the channel again',
};

/** Writes a line of the channel's own: what somebody did to it. It takes a seq and a rev and counts for nobody. */
export async function addSystemMessage(change: ChannelChange, authorId: string, event: SystemEvent, about: { user_ids?: string[]; text?: string } = {}): Promise<void> {
  const id = change.tx.uuid();
  const row = buildMessageRow({
    id, channel_id: change.channelId, seq: change.nextSeq(), rev: change.nextRev(), author_id: authorId, client_msg_id: id, kind: 'system',
    content: TEXT[event](about.user_ids ?? [], about.text ?? ''), created_us: change.nextTime(),
    system: { event, ...(about.user_ids ? { user_ids: about.user_ids.slice(0, LISTED) } : {}), ...(about.text === undefined ? {} : { text: about.text }) },
  });
  await change.tx.insert(messages, row);
  change.message(row.doc);
}
