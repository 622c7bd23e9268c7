import { can } from '@parley/shared/domain/can';
import { markupText } from '@parley/shared/domain/markup/text';
import { parseMarkup } from '@parley/shared/domain/markup/parse';
import type { ChannelView, MessageView } from '@parley/shared/sync/api';
import { useMemo } from 'react';
import { useText } from '../../i18n/text.tsx';
import { useEngine } from '../../state/engine.tsx';
import { openDialog } from '../../state/screen.ts';
import { announce } from '../../ui/announce.ts';
import { showToast } from '../../ui/toast.tsx';
import { rememberEmoji } from '../emoji/recent.ts';
import { useChat } from '../message-text/chat-context.tsx';
import { permalinkPath } from '@parley/shared/domain/permalink';
import { deletes } from './deleting.ts';
import { useList } from './list-context.ts';

/** What one may do with a message, and how. The table that the server asks decides what is offered. */
export interface MessageActs {
  may: { react: boolean; reply: boolean; edit: boolean; delete: boolean; markUnread: boolean; link: boolean; forward: boolean; pin: boolean };
  react(emoji: string): void;
  reply(): void;
  edit(): void;
  delete(): void;
  copyText(): void;
  copyLink(): void;
  markUnread(): void;
  save(saved: boolean): void;
  remind(at: number, said: string): void;
  /** Asks when. */
  pickReminder(): void;
  forward(): void;
  pin(): void;
  /** NTF-10. */
  why(): void;
  /** Null for who is not the author. */
  removeCard: ((url: string) => void) | null;
  /** Links that have a card. */
  readonly cards: readonly { url: string; site: string }[];
  readonly pinned: boolean;
  readonly messageId: string;
}

export function useMessageActs(view: MessageView, channel: ChannelView | null): MessageActs {
  const engine = useEngine();
  const t = useText();
  const list = useList();
  const { actor, workspaceId, origin } = useChat();
  const { message } = view;
  return useMemo(() => {
    const me = engine.accountId;
    const stored = view.pending?.act !== 'send' && !message.deleted;
    const text = message.kind !== 'system';
    const resource = channel === null ? {} : {
      channel: {
        kind: channel.channel.kind, archived: channel.channel.archived, posting: channel.channel.posting, is_default: channel.channel.is_default === true, member_count: channel.channel.member_count,
        creator_id: channel.channel.creator_id ?? null, importing: channel.channel.importing === true, membership: channel.membership === null ? null : { role: channel.membership.role, visible_from_seq: channel.membership.visible_from_seq },
      },
      message: { author_id: message.author_id, seq: message.seq, deleted: message.deleted },
    };
    const allowed = (action: 'message.react' | 'message.edit' | 'message.delete' | 'message.pin') => stored && text && can(actor, action, resource) === 'allowed';
    const copy = async (content: string, said: string) => {
      try {
        await navigator.clipboard.writeText(content);
        announce(said);
      } catch {
        announce(t('chat.copy.refused'), 'now');
      }
    };
    const remind = (at: number, said: string) => {
      void engine.save(message.channel_id, message.id, { state: 'progress', dueAt: new Date(at).toISOString() });
      showToast(t('chat.reminder_set', { at: said }));
    };
    return {
      may: { react: allowed('message.react'), reply: stored && text && (message.parent_message_id === null), edit: message.author_id === me && allowed('message.edit'), delete: allowed('message.delete'), markUnread: stored && channel?.membership != null, link: stored, forward: stored && text, pin: allowed('message.pin') },
      react: (emoji) => {
        const mine = message.reactions.find((r) => r.emoji === emoji)?.user_ids.includes(me) === true;
        if (!mine) rememberEmoji(emoji);
        void engine.react(message.channel_id, message.id, emoji, !mine);
      },
      reply: () => list.openThread(view),
      edit: () => list.setEditing(view.key),
      delete: () => {
        deletes.add(message.id, () => void engine.delete(message.channel_id, message.id));
        showToast(t('chat.deleted'), { label: t('chat.undo'), run: () => { if (deletes.undo(message.id)) { announce(t('chat.undone')); list.focusRow(view.key); } } });
      },
      copyText: () => void copy(markupText(parseMarkup(message.content), { user: (id) => engine.user(id).get()?.display_name ?? null, channel: (id) => engine.channel(id).get()?.channel.name ?? null }), t('chat.copied.text')),
      copyLink: () => void copy(origin + permalinkPath({ workspaceId, channelId: message.channel_id, messageId: message.id, ...(message.parent_message_id ? { rootId: message.parent_message_id } : {}) }), t('chat.copied.link')),
      markUnread: () => list.markUnread(view),
      save: (saved) => {
        void (saved ? engine.save(message.channel_id, message.id, { state: 'progress' }) : engine.unsave(message.channel_id, message.id));
        showToast(t(saved ? 'chat.saved' : 'chat.unsaved'), { label: t('chat.undo'), run: () => void (saved ? engine.unsave(message.channel_id, message.id) : engine.save(message.channel_id, message.id, { state: 'progress' })) });
      },
      remind,
      pickReminder: () => openDialog({ kind: 'pick_time', purpose: 'remind', at: null, onPick: remind }),
      forward: () => openDialog({ kind: 'forward', message }),
      pin: () => void engine.pin(message.channel_id, message.id, !message.pinned),
      why: () => openDialog({ kind: 'why', message }),
      removeCard: message.author_id !== me || !allowed('message.edit') ? null : (url) => void import('../cards/take-off.ts').then(({ takeOff }) => takeOff(message, url, t)),
      cards: message.deleted ? [] : (message.cards ?? []),
      pinned: message.pinned,
      messageId: message.id,
    };
  }, [engine, t, list, actor, workspaceId, origin, view, message, channel]);
}
