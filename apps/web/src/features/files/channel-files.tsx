import { Files } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useIntl } from 'react-intl';
import { Link } from 'wouter';
import { getChannelFiles } from '@parley/shared/protocol/calls/files';
import type { File } from '@parley/shared/protocol/entities';
import type { ChannelView } from '@parley/shared/sync/api';
import { useText } from '../../i18n/text.tsx';
import { useConnection, useEngine, useUser } from '../../state/engine.tsx';
import { go, paths } from '../../state/routes.ts';
import { usePages } from '../../state/use-pages.ts';
import { Banner } from '../../ui/banner.tsx';
import { Button } from '../../ui/button.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import styles from './files.module.css';
import { Gallery } from './gallery.tsx';
import { kindOf, thumbAddress } from './kinds.ts';
import { FileFacts, FileTile } from './message-files.tsx';

/** FIL-1: the files of a channel, newest first, each with the way to its message. Asked again when a message with files comes or goes. */
export function ChannelFiles({ view }: { view: ChannelView }) {
  const t = useText();
  const engine = useEngine();
  const connection = useConnection().kind;
  const pages = usePages(getChannelFiles, { channel_id: view.id, page_size: 30 });
  const reload = useRef(pages.reload);
  useEffect(() => { reload.current = pages.reload; });
  useEffect(() => { if (connection === 'live') reload.current(); }, [connection]);
  useEffect(() => {
    const timeline = engine.timeline(view.id);
    const carried = () => timeline.get().messages.flatMap((row) => row.message.files.map((file) => file.id)).join();
    let before = carried();
    const end = timeline.subscribe(() => {
      const now = carried();
      if (now === before) return;
      before = now;
      reload.current();
    });
    return () => {
      end();
      timeline.close();
    };
  }, [engine, view.id]);
  const items = useMemo(() => pages.items ?? [], [pages.items]);
  const pictures = useMemo(() => items.filter((item) => kindOf(item.file) === 'picture'), [items]);
  const [shown, setShown] = useState<number | null>(null);
  const at = (item: (typeof items)[number]) => paths.channel(view.workspaceId, view.id, { messageId: item.message_id });
  return (
    <>
      {pages.failed && <Banner actions={<Button size="small" onClick={pages.reload}>{t('app.try_again')}</Button>}>{t('app.needs_server')}</Banner>}
      {pages.items === null && !pages.failed && <Skeleton width="100%" height={4} />}
      {pages.items?.length === 0 && <EmptyState icon={<Files aria-hidden="true" />}>{t('files.none')}</EmptyState>}
      <ul className={styles.list} aria-label={t('details.files')}>
        {items.map((item) => (
          <li key={`${item.message_id}/${item.file.id}`} className={styles.listed}>
            {kindOf(item.file) === 'picture' ? <PictureRow file={item.file} onOpen={() => setShown(pictures.indexOf(item))} /> : <FileTile file={item.file} tabIndex={0} />}
            <div className={styles.about}><By userId={item.author_id} at={item.at} /><Link href={at(item)}>{t('files.show_message')}</Link></div>
          </li>
        ))}
      </ul>
      {pages.more && <div><Button busy={pages.loading} onClick={pages.loadMore}>{t('app.more')}</Button></div>}
      {shown !== null && pictures[shown] && (
        <Gallery files={pictures.map((item) => item.file)} start={shown} onClose={() => setShown(null)} onShowMessage={(file) => { const item = pictures.find((one) => one.file === file); setShown(null); if (item) go(at(item)); }} />
      )}
    </>
  );
}

function PictureRow({ file, onOpen }: { file: File; onOpen(): void }) {
  const t = useText();
  const [failed, setFailed] = useState(false);
  return (
    <button type="button" className={styles.tile} aria-label={t('files.open', { name: file.name })} onClick={onOpen}>
      {failed ? <FileFacts file={file} /> : (
        <>
          <span className={styles.preview}><img src={thumbAddress(file.id)} alt="" width={36} height={36} loading="lazy" decoding="async" className={styles.image} onError={() => setFailed(true)} /></span>
          <Facts file={file} />
        </>
      )}
    </button>
  );
}

function Facts({ file }: { file: File }) {
  return <span className={styles.facts}><bdi className={styles.fileName}>{file.name}</bdi><span className={styles.soft}>{file.width} × {file.height}</span></span>;
}

function By({ userId, at }: { userId: string; at: string }) {
  const t = useText();
  const intl = useIntl();
  const user = useUser(userId);
  return <span className={styles.soft}>{t('files.by', { name: user?.display_name ?? t('person.unknown'), at: intl.formatDate(at, { dateStyle: 'medium', timeStyle: 'short' }) })}</span>;
}
