import { isEntryRead } from '@parley/shared/domain/inbox';
import { keyOfEntry } from '@parley/shared/domain/notify-entry';
import type { InboxEntry } from '@parley/shared/protocol/entities';
import type { ChannelView } from '@parley/shared/sync/api';

/** What a notification stands for: an entry of the inbox, or a message of a channel that notifies of all. */
export type NoteItem = { entry: string; key: string } | { channelId: string; seq: number };

/** A notification of the system. It outlives the page that showed it, so all that is needed to withdraw it is in it. */
export interface Note {
  tag: string;
  title: string;
  body: string;
  silent: boolean;
  /** Where a click leads. */
  path: string;
  items: readonly NoteItem[];
  /** What “Mark as read” acknowledges; absent where there is not just one message. */
  reads?: { channel_id: string; message_id: string; thread_root_id?: string };
}

export const keyOf = (entry: InboxEntry): string => keyOfEntry(entry);

/** NTF-6: nothing of it is left to tell: all was read, deleted, or is out of reach. */
export function isOver(items: readonly NoteItem[], entries: readonly InboxEntry[], view: (channelId: string) => ChannelView | null): boolean {
  return items.every((item) => {
    if ('entry' in item) {
      const entry = entries.find((one) => one.id === item.entry);
      return entry === undefined || entry.read || keyOf(entry) !== item.key;
    }
    const channel = view(item.channelId);
    return !channel?.membership || isEntryRead({ kind: 'message', read: false, seq: item.seq, thread_root_id: null, in_channel: true }, { channel: channel.membership.read_seq, thread: null }) || channel.unread === 0;
  });
}
