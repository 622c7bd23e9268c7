import { Bell, BellOff, Link2, X } from 'lucide-react';
import { useEffect, useMemo, useRef } from 'react';
import { useText } from '../../i18n/text.tsx';
import { useChannel, useEngine, useThread } from '../../state/engine.tsx';
import { useChannelName } from '../../state/people.ts';
import { useReadable } from '../../state/readable.ts';
import { announce } from '../../ui/announce.ts';
import { IconButton } from '../../ui/icon-button.tsx';
import { Composer } from '../composer/composer.tsx';
import type { ComposerBoxHandle } from '../composer/composer-box.tsx';
import { MessageList, type JumpRequest, type MessageListHandle } from '../message-list/message-list.tsx';
import { TypingLine } from '../message-list/typing-line.tsx';
import { useChat } from '../message-text/chat-context.tsx';
import { permalinkPath } from '../message-text/permalink.ts';
import styles from './thread-panel.module.css';

export interface ThreadPanelProps { channelId: string; rootId: string; jump?: JumpRequest | null; onClose(): void }

/** THR-1: a thread with its root, replies, read position and composer. */
export function ThreadPanel({ channelId, rootId, jump = null, onClose }: ThreadPanelProps) {
  const t = useText();
  const engine = useEngine();
  const { workspaceId, origin } = useChat();
  const channel = useChannel(channelId);
  const name = useChannelName(channel);
  const thread = useThread(rootId);
  const timeline = useMemo(() => engine.timeline(channelId, rootId), [engine, channelId, rootId]);
  useEffect(() => () => timeline.close(), [timeline]);
  const view = useReadable(timeline);
  const list = useRef<MessageListHandle>(null);
  const composer = useRef<ComposerBoxHandle>(null);
  const root = view.messages.find((message) => message.message.id === rootId);
  const replies = root?.message.thread?.reply_count ?? view.messages.filter((message) => message.message.parent_message_id === rootId && !message.message.deleted).length;
  const following = thread?.following === true;

  useEffect(() => { if (view.messages.length === 0 && !view.gone) void timeline.loadNewest(); }, [timeline, view.messages.length, view.gone]);

  const copyLink = async () => {
    try {
      await navigator.clipboard.writeText(origin + permalinkPath({ workspaceId, channelId, messageId: rootId, rootId }));
      announce(t('chat.copied.link'));
    } catch {
      announce(t('chat.copy.refused'), 'now');
    }
  };
  const icon = { size: 18, strokeWidth: 1.75, 'aria-hidden': true } as const;
  return (
    <section className={styles.panel} onKeyDown={(event) => { if (event.key === 'Escape' && !event.defaultPrevented && (event.target as HTMLElement).closest('[data-row]')) { event.stopPropagation(); composer.current?.focus(); } }}>
      <header className={styles.head}>
        <h2 className={styles.title}>{t('chat.thread')}<span className={styles.in}>{t('chat.thread_in', { channel: name })}</span></h2>
        <IconButton label={following ? t('chat.unfollow') : t('chat.follow')} aria-pressed={following} onClick={() => void engine.followThread(channelId, rootId, !following)}>{following ? <Bell {...icon} /> : <BellOff {...icon} />}</IconButton>
        <IconButton label={t('chat.copy_link')} onClick={() => void copyLink()}><Link2 {...icon} /></IconButton>
        <IconButton label={t('chat.close_thread')} onClick={onClose}><X {...icon} /></IconButton>
      </header>
      <p className={styles.count}>{t('chat.replies', { n: replies })}</p>
      <MessageList ref={list} key={rootId} timeline={timeline} channelId={channelId} rootId={rootId} label={t('chat.thread_feed', { channel: name })} readSeq={thread?.read_seq ?? view.headSeq} jump={jump} onOpenThread={() => composer.current?.focus()} onFocusComposer={() => composer.current?.focus()} />
      <Composer ref={composer} key={`c${rootId}`} channelId={channelId} rootId={rootId} label={t('chat.reply_in_thread')} channelName={name} list={list} autoFocus onEscape={() => { onClose(); return true; }} />
      <TypingLine channelId={channelId} rootId={rootId} />
    </section>
  );
}
