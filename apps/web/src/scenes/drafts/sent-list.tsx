import { SendHorizontal } from 'lucide-react';
import { useIntl } from 'react-intl';
import { Link } from 'wouter';
import type { Message } from '@parley/shared/protocol/entities';
import { useChat } from '../../features/message-text/chat-context.tsx';
import { MessageText } from '../../features/message-text/message-text.tsx';
import { useSearch } from '../../features/search/use-search.ts';
import { useText } from '../../i18n/text.tsx';
import { useChannel } from '../../state/engine.tsx';
import { useChannelName } from '../../state/people.ts';
import { usePlace } from '../../state/place.tsx';
import { paths } from '../../state/routes.ts';
import { Button } from '../../ui/button.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import styles from '../scene.module.css';

/** DRF-1: one's own latest messages. They are what a search from oneself finds, without a connection too. */
export function SentList() {
  const t = useText();
  const { workspaceId } = usePlace();
  const results = useSearch(workspaceId, 'from:me', 'messages', 'newest');
  if (results.failed !== null) return <p role="alert" className={styles.reason}>{results.failed}</p>;
  if (results.hits === null) return <Skeleton width="100%" height={8} />;
  if (results.hits.length === 0) return <EmptyState icon={<SendHorizontal aria-hidden="true" />}>{t('sent.none')}</EmptyState>;
  return (
    <>
      {results.source === 'device' && <p className={styles.soft}>{t('sent.offline')}</p>}
      <ul className={styles.list}>{results.hits.map(({ message }) => <Sent key={message.id} message={message} workspaceId={workspaceId} />)}</ul>
      {results.more && <div><Button busy={results.loading} onClick={results.loadMore}>{t('app.more')}</Button></div>}
    </>
  );
}

function Sent({ message, workspaceId }: { message: Message; workspaceId: string }) {
  const t = useText();
  const intl = useIntl();
  const { preferences: { timeZone } } = useChat();
  const name = useChannelName(useChannel(message.channel_id)) || t('scheduled.unknown');
  const rootId = message.parent_message_id !== null && !message.broadcast ? message.parent_message_id : undefined;
  const at = intl.formatDate(message.created_at, { dateStyle: 'medium', timeStyle: 'short', ...(timeZone === undefined ? {} : { timeZone }) });
  return (
    <li className={styles.item}>
      <div className={styles.text}>
        <Link href={paths.channel(workspaceId, message.channel_id, { messageId: message.id, rootId })}><bdi className={styles.strong}>{name}</bdi><span className={styles.soft}>{rootId !== undefined && <> · {t('drafts.in_thread')}</>} · <time dateTime={message.created_at}>{at}</time></span></Link>
        {message.content !== '' && <div><MessageText id={message.id} rev={message.rev} content={message.content} /></div>}
        {message.files.length > 0 && <span className={styles.soft}>{message.files.map((file) => file.name).join(', ')}</span>}
      </div>
    </li>
  );
}
