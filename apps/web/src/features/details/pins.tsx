import { Pin } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useIntl } from 'react-intl';
import { Link } from 'wouter';
import { getPins } from '@parley/shared/protocol/calls/pins';
import type { Message } from '@parley/shared/protocol/entities';
import type { ChannelView } from '@parley/shared/sync/api';
import { useText } from '../../i18n/text.tsx';
import { useEngine, useUser } from '../../state/engine.tsx';
import { useMay } from '../../state/permission.ts';
import { paths } from '../../state/routes.ts';
import { usePages } from '../../state/use-pages.ts';
import { Banner } from '../../ui/banner.tsx';
import { Button } from '../../ui/button.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { showToast } from '../../ui/toast.tsx';
import { MessageText } from '../message-text/message-text.tsx';
import styles from './details.module.css';

/** What is pinned to a channel. It is asked again when a pin in the open channel changes. */
export function Pins({ view }: { view: ChannelView }) {
  const t = useText();
  const engine = useEngine();
  const may = useMay(view.workspaceId, view);
  const pages = usePages(getPins, { channel_id: view.id, page_size: 50 });
  const reload = useRef(pages.reload);
  useEffect(() => { reload.current = pages.reload; });
  const [taken, setTaken] = useState<ReadonlySet<string>>(new Set());
  const items = pages.items?.filter((item) => !taken.has(item.message.id)) ?? null;
  const unpin = (id: string) => {
    setTaken(new Set([...taken, id]));
    void engine.pin(view.id, id, false);
    showToast(t('pins.unpinned'), { label: t('app.undo'), run: () => { setTaken((before) => new Set([...before].filter((one) => one !== id))); void engine.pin(view.id, id, true); } });
  };
  useEffect(() => {
    const timeline = engine.timeline(view.id);
    const pinned = () => timeline.get().messages.filter((row) => row.message.pinned || row.pending?.act === 'pin').map((row) => `${row.message.id} ${row.message.pinned} ${row.pending === undefined}`).join();
    let before = pinned();
    const end = timeline.subscribe(() => {
      const now = pinned();
      if (now === before) return;
      before = now;
      reload.current();
    });
    return () => {
      end();
      timeline.close();
    };
  }, [engine, view.id]);
  return (
    <div className={styles.section}>
      {pages.failed && <Banner actions={<Button size="small" onClick={pages.reload}>{t('app.try_again')}</Button>}>{t('app.needs_server')}</Banner>}
      {items === null && !pages.failed && <Skeleton width="100%" height={4} />}
      {items?.length === 0 && <EmptyState icon={<Pin aria-hidden="true" />}>{t('pins.none')}</EmptyState>}
      <ul className={styles.pins}>
        {(items ?? []).map((item) => (
          <PinCard key={item.message.id} workspaceId={view.workspaceId} message={item.message} pinnedBy={item.pinned_by} pinnedAt={item.pinned_at} onUnpin={may('message.pin') ? () => unpin(item.message.id) : null} />
        ))}
      </ul>
      {pages.more && <div><Button onClick={pages.loadMore}>{t('app.more')}</Button></div>}
    </div>
  );
}

function PinCard({ workspaceId, message, pinnedBy, pinnedAt, onUnpin }: { workspaceId: string; message: Message; pinnedBy: string; pinnedAt: string; onUnpin: (() => void) | null }) {
  const t = useText();
  const intl = useIntl();
  const author = useUser(message.author_id);
  const by = useUser(pinnedBy);
  return (
    <li className={styles.pin}>
      <Link href={paths.channel(workspaceId, message.channel_id, { messageId: message.id, rootId: message.parent_message_id ?? undefined })} className={styles.pinHead}>
        <bdi>{author?.display_name ?? t('person.unknown')}</bdi> <time className={styles.soft} dateTime={message.created_at}>{intl.formatDate(message.created_at, { dateStyle: 'medium', timeStyle: 'short' })}</time>
      </Link>
      <MessageText id={message.id} rev={message.rev} content={message.content} />
      <div className={styles.acts}>
        <span className={styles.soft}>{t('pins.by', { name: by?.display_name ?? t('person.unknown'), at: intl.formatDate(pinnedAt, { dateStyle: 'medium' }) })}</span>
        {onUnpin && <Button size="small" onClick={onUnpin}>{t('chat.unpin')}</Button>}
      </div>
    </li>
  );
}
