import { markupText } from '@parley/shared/domain/markup/text';
import { parseMarkup } from '@parley/shared/domain/markup/parse';
import type { Permalink } from '@parley/shared/domain/permalink';
import type { Message } from '@parley/shared/protocol/entities';
import type { MouseEvent } from 'react';
import { useText } from '../../i18n/text.tsx';
import { useChannel, useEngine, useUser } from '../../state/engine.tsx';
import { useChannelName } from '../../state/people.ts';
import { cx } from '../../ui/cx.ts';
import { useTimes } from '../message-list/times.ts';
import { useChat } from '../message-text/chat-context.tsx';
import styles from './cards.module.css';
import { FoldableCard } from './foldable-card.tsx';
import { useLinkedMessage } from './use-linked-message.ts';

/** A link to a message here, for who may read it; for all others it is the link and nothing more. */
export function PermalinkCard({ id, url, link, folded }: { id: string; url: string; link: Permalink; folded: boolean }) {
  const engine = useEngine();
  const message = useLinkedMessage(engine.accountId, link.channelId, link.messageId ?? '');
  return message && <Shown id={id} url={url} link={link} folded={folded} message={message} />;
}

function Shown({ id, url, link, folded, message }: { id: string; url: string; link: Permalink; folded: boolean; message: Message }) {
  const t = useText();
  const times = useTimes();
  const engine = useEngine();
  const { go } = useChat();
  const author = useUser(message.author_id);
  const channel = useChannel(message.channel_id);
  const channelName = useChannelName(channel);
  const name = author?.display_name ?? t('chat.unknown_person');
  const at = times.short(Date.parse(message.created_at));
  const site = channelName === '' ? t('cards.message_at', { at }) : t('cards.message_in', { channel: channelName, at });
  const text = markupText(parseMarkup(message.content.slice(0, 1_000)), { user: (one) => engine.user(one).get()?.display_name ?? null, channel: (one) => engine.channel(one).get()?.channel.name ?? null });
  const follow = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    go({ kind: 'channel', channelId: link.channelId, workspaceId: link.workspaceId, messageId: message.id, ...(link.rootId ? { rootId: link.rootId } : {}) });
  };
  return (
    <FoldableCard folded={folded} site={site} title={name}>
      <div className={cx(styles.card, styles.tall)}>
        <a className={styles.link} href={url} tabIndex={-1} onClick={follow}>
          <span className={styles.site}><bdi>{site}</bdi></span>
          <span id={id} className={styles.title}><bdi>{name}</bdi></span>
          <span className={styles.description} dir="auto">{text}</span>
        </a>
      </div>
    </FoldableCard>
  );
}
