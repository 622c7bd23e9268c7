import { memo, useMemo } from 'react';
import { useIntl } from 'react-intl';
import { markupText, walkInlines } from '@parley/shared/domain/markup/text';
import type { Term } from '@parley/shared/domain/search/terms';
import type { Message } from '@parley/shared/protocol/entities';
import { useText } from '../../i18n/text.tsx';
import { useChannel, useUser } from '../../state/engine.tsx';
import { useChannelName, useUsers } from '../../state/people.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { useChat } from '../message-text/chat-context.tsx';
import { useMarkup } from '../message-text/use-markup.ts';
import { snippet } from './snippet.ts';
import styles from './search.module.css';

export interface HitRowProps {
  message: Message;
  terms: readonly Term[];
  /** Of a channel that the engine does not hold. */
  channelName: string | undefined;
  /** The one in the tab order. */
  current: boolean;
  /** The one that is shown in its context. */
  shown: boolean;
  onOpen(message: Message): void;
  onFocus(message: Message): void;
}

export const HitRow = memo(function HitRow({ message, terms, channelName, current, shown, onOpen, onFocus }: HitRowProps) {
  const t = useText();
  const intl = useIntl();
  const { preferences } = useChat();
  const author = useUser(message.author_id);
  const view = useChannel(message.channel_id);
  const known = useChannelName(view);
  const channel = view === null ? (channelName ?? t('search.unknown_channel')) : known;
  const markup = useMarkup(message.id, message.rev, message.content);
  const named = useMemo(() => [...new Set([...walkInlines(markup)].flatMap((node) => (node.type === 'user' ? [node.id] : [])))], [markup]);
  const users = useUsers(named);
  const parts = useMemo(() => snippet(markupText(markup, { user: (id) => users.get(id)?.display_name ?? null }), terms), [markup, users, terms]);
  const at = intl.formatDate(message.created_at, { dateStyle: 'medium', timeStyle: 'short', ...(preferences.timeZone === undefined ? {} : { timeZone: preferences.timeZone }) });
  const name = author?.display_name ?? t('person.unknown');
  return (
    <li>
      <button type="button" data-hit={message.id} className={styles.hit} tabIndex={current ? 0 : -1} aria-current={shown ? 'true' : undefined} onClick={() => onOpen(message)} onFocus={() => onFocus(message)}>
        <Avatar id={message.author_id} name={name} size={1.75} url={author?.avatar_url} />
        <span className={styles.about}>
          <span className={styles.head}><b><bdi>{name}</bdi></b> <span className={styles.soft}>{t('search.in', { channel })} <time dateTime={message.created_at}>{at}</time></span></span>
          <span className={styles.text} dir="auto">{parts.map((part, i) => (part.found ? <mark key={i} className={styles.mark}>{part.text}</mark> : part.text))}</span>
          {message.files.length > 0 && <span className={styles.soft}>{message.files.map((file) => file.name).join(', ')}</span>}
        </span>
      </button>
    </li>
  );
});
