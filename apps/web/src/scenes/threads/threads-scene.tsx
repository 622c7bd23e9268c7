import { MessageSquareText } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import { useIntl } from 'react-intl';
import { Link } from 'wouter';
import type { Thread } from '@parley/shared/protocol/entities';
import type { TimelineView } from '@parley/shared/sync/api';
import { Composer } from '../../features/composer/composer.tsx';
import { MessageText } from '../../features/message-text/message-text.tsx';
import { useText } from '../../i18n/text.tsx';
import { useChannel, useEngine, useThreads, useUser } from '../../state/engine.tsx';
import { useChannelName } from '../../state/people.ts';
import { usePlace } from '../../state/place.tsx';
import { paths } from '../../state/routes.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { Badge } from '../../ui/badge.tsx';
import { Button } from '../../ui/button.tsx';
import { Select } from '../../ui/choice.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { SceneHead } from '../scene-head.tsx';
import styles from '../scene.module.css';

const AT_ONCE = 10;

/** THI-1: the threads one follows, unread first. */
export function ThreadsScene() {
  const t = useText();
  const threads = useThreads();
  const [filter, setFilter] = useState<'all' | 'unread'>('all');
  const [shown, setShown] = useState(AT_ONCE);
  const [order, setOrder] = useState<readonly string[]>([]);
  const followed = useMemo(() => threads.filter((thread) => thread.following && (filter === 'all' || thread.unread > 0)), [threads, filter]);
  // The order is set when the scene opens: reading one does not move it away under the pointer.
  const key = followed.map((thread) => thread.root_id).sort().join(' ');
  useEffect(() => {
    setOrder([...followed].sort((a, b) => Number(b.unread > 0) - Number(a.unread > 0) || b.read_seq - a.read_seq || b.root_id.localeCompare(a.root_id)).map((thread) => thread.root_id));
    // eslint-disable-next-line react-hooks/exhaustive-deps -- a new order only when threads come or go
  }, [key]);
  const byId = new Map(followed.map((thread) => [thread.root_id, thread]));
  const rows = order.flatMap((id) => byId.get(id) ?? []);
  return (
    <main className={styles.scene} id="main" aria-label={t('sidebar.threads')}>
      <SceneHead title={t('sidebar.threads')}>
        <Select label={t('browse.filter')} hideLabel value={filter} options={[{ value: 'all', label: t('threads.all') }, { value: 'unread', label: t('threads.unread') }]} onChange={setFilter} />
      </SceneHead>
      <div className={styles.body} data-region="6">
        <div className={styles.column}>
          {rows.length === 0 && <EmptyState icon={<MessageSquareText aria-hidden="true" />}>{filter === 'unread' ? t('threads.none_unread') : t('threads.none')}</EmptyState>}
          {rows.slice(0, shown).map((thread) => <ThreadCard key={thread.root_id} thread={thread} />)}
          {rows.length > shown && <div><Button onClick={() => setShown(shown + AT_ONCE)}>{t('app.more')}</Button></div>}
        </div>
      </div>
    </main>
  );
}

function ThreadCard({ thread }: { thread: Thread }) {
  const t = useText();
  const engine = useEngine();
  const place = usePlace();
  const view = useChannel(thread.channel_id);
  const name = useChannelName(view);
  const timeline = useThreadTimeline(thread.channel_id, thread.root_id);
  const [replying, setReplying] = useState(false);
  const root = timeline?.messages.find((row) => row.message.id === thread.root_id)?.message ?? null;
  const replies = timeline?.messages.filter((row) => row.message.id !== thread.root_id && !row.message.deleted) ?? [];
  const last = replies.slice(-3);
  const earlier = Math.max(0, (root?.thread?.reply_count ?? replies.length) - last.length);
  const href = paths.channel(view?.workspaceId ?? place.workspaceId, thread.channel_id, { rootId: thread.root_id });
  const markRead = () => {
    const newest = timeline?.messages[timeline.messages.length - 1]?.message.seq ?? root?.thread?.last_reply_seq;
    if (newest !== undefined) engine.read(thread.channel_id, newest, thread.root_id);
  };
  return (
    <article
      className={styles.card} aria-label={t('threads.in', { channel: name })} tabIndex={0}
      onKeyDown={(event) => {
        if (event.target === event.currentTarget && event.key.toLowerCase() === 'r' && !event.ctrlKey && !event.metaKey && !event.altKey) markRead();
      }}
    >
      <div className={styles.cardHead}>
        <Link href={href} className={styles.strong}>#{name}</Link>
        {thread.unread > 0 && <><Badge count={thread.unread} /><span className="visually-hidden">{t('sidebar.unread', { n: thread.unread })}</span></>}
        {thread.unread > 0 && <Button size="small" onClick={markRead}>{t('threads.mark_read')}</Button>}
        <Button size="small" variant="plain" onClick={() => void engine.followThread(thread.channel_id, thread.root_id, false)}>{t('threads.unfollow')}</Button>
      </div>
      {timeline === null || (root === null && timeline.messages.length === 0) ? <Skeleton width="100%" height={3} /> : root !== null && <Line message={root} />}
      {earlier > 0 && <Link href={href} className={styles.soft}>{t('threads.earlier', { n: earlier })}</Link>}
      {last.map((row) => <Line key={row.key} message={row.message} />)}
      {replying ? <Composer channelId={thread.channel_id} rootId={thread.root_id} autoFocus /> : <div><Button size="small" onClick={() => setReplying(true)}>{t('threads.reply')}</Button></div>}
    </article>
  );
}

function Line({ message }: { message: TimelineView['messages'][number]['message'] }) {
  const t = useText();
  const intl = useIntl();
  const author = useUser(message.author_id);
  const name = author?.display_name ?? t('person.unknown');
  return (
    <div className={styles.row} style={{ flexWrap: 'nowrap', alignItems: 'flex-start' }}>
      <Avatar id={message.author_id} name={name} size={1.75} url={author?.avatar_url} />
      <div className={styles.text}>
        <span><bdi className={styles.strong}>{name}</bdi> <time className={styles.soft} dateTime={message.created_at}>{intl.formatDate(message.created_at, { dateStyle: 'medium', timeStyle: 'short' })}</time></span>
        <div>{message.deleted ? t('threads.deleted') : <MessageText id={message.id} rev={message.rev} content={message.content} />}</div>
      </div>
    </div>
  );
}

/** A thread while its card is shown. */
function useThreadTimeline(channelId: string, rootId: string): TimelineView | null {
  const engine = useEngine();
  const [view, setView] = useState<TimelineView | null>(null);
  useEffect(() => {
    const timeline = engine.timeline(channelId, rootId);
    const look = () => setView(timeline.get());
    look();
    const end = timeline.subscribe(look);
    if (timeline.get().messages.length === 0) void timeline.loadNewest();
    return () => {
      end();
      timeline.close();
    };
  }, [engine, channelId, rootId]);
  return view;
}
