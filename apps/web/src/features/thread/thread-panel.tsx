import { Bell, BellOff, Link2, X } from 'lucide-react';
import { useText } from '../../i18n/text.tsx';
import { useChannel, useEngine, useThread } from '../../state/engine.tsx';
import { useChannelName } from '../../state/people.ts';
import { useReadable } from '../../state/readable.ts';
import { announce } from '../../ui/announce.ts';
import { IconButton } from '../../ui/icon-button.tsx';
import { FileDrop } from '../files/file-drop.tsx';
import { Composer } from '../composer/composer.tsx';
import { MessageList, useTimeline } from '../message-list/message-list.tsx';
import { TypingLine } from '../message-list/typing-line.tsx';
import { useChat } from '../message-text/chat-context.tsx';
import { permalinkPath } from '@parley/shared/domain/permalink';
import styles from './thread-panel.module.css';

export interface ThreadPanelProps { channelId: string; rootId: string; onClose(): void }

/** THR-1: a thread with its root, replies, read position and composer. */
export function ThreadPanel({ channelId, rootId, onClose }: ThreadPanelProps) {
  const t = useText();
  const engine = useEngine();
  const { workspaceId, origin } = useChat();
  const name = useChannelName(useChannel(channelId));
  const thread = useThread(rootId);
  const following = thread?.following === true;
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
    <section className={styles.panel}>
      <header className={styles.head}>
        <h2 className={styles.title}>{t('chat.thread')}<span className={styles.in}>{t('chat.thread_in', { channel: name })}</span></h2>
        <IconButton label={following ? t('chat.unfollow') : t('chat.follow')} aria-pressed={following} onClick={() => void engine.followThread(channelId, rootId, !following)}>{following ? <Bell {...icon} /> : <BellOff {...icon} />}</IconButton>
        <IconButton label={t('chat.copy_link')} onClick={() => void copyLink()}><Link2 {...icon} /></IconButton>
        <IconButton label={t('chat.close_thread')} onClick={onClose}><X {...icon} /></IconButton>
      </header>
      <ReplyCount key={`n${rootId}`} channelId={channelId} rootId={rootId} />
      <MessageList channelId={channelId} rootId={rootId} />
      <Composer channelId={channelId} rootId={rootId} onEscape={() => { onClose(); return true; }} />
      <TypingLine channelId={channelId} rootId={rootId} />
      <FileDrop channelId={channelId} rootId={rootId} />
    </section>
  );
}

function ReplyCount({ channelId, rootId }: { channelId: string; rootId: string }) {
  const t = useText();
  const view = useReadable(useTimeline(channelId, rootId));
  const root = view.messages.find((message) => message.message.id === rootId);
  const replies = root?.message.thread?.reply_count ?? view.messages.filter((message) => message.message.parent_message_id === rootId && !message.message.deleted).length;
  return <p className={styles.count}>{t('chat.replies', { n: replies })}</p>;
}
