import type { MessageView } from '@parley/shared/sync/api';
import { useText } from '../../i18n/text.tsx';
import { useThread } from '../../state/engine.tsx';
import { useUsers } from '../../state/people.ts';
import { Avatar } from '../../ui/avatar.tsx';
import styles from './message-row.module.css';
import { useTimes } from './times.ts';

/** LST-22: faces, “{n} replies”, “last one {time}”, a dot when unread and followed. */
export function ThreadSummary({ id, view, onOpen }: { id: string; view: MessageView; onOpen(): void }) {
  const t = useText();
  const times = useTimes();
  const summary = view.message.thread;
  const thread = useThread(view.message.id);
  const faces = summary?.participant_ids.slice(0, 4) ?? [];
  const people = useUsers(faces);
  if (!summary || summary.reply_count === 0) return null;
  const unread = thread?.following === true && thread.unread > 0;
  return (
    <button type="button" id={id} tabIndex={-1} className={styles.thread} onClick={onOpen}>
      <span className={styles.faces}>{faces.map((face) => <Avatar key={face} id={face} name={people.get(face)?.display_name ?? ''} url={people.get(face)?.avatar_url} size={1.25} />)}</span>
      <span className={styles.replies}>{t('chat.replies', { n: summary.reply_count })}</span>
      <span className={styles.lastReply}>{t('chat.last_reply', { time: times.short(Date.parse(summary.last_reply_at)) })}</span>
      {unread && <span className={styles.dot} role="img" aria-label={t('chat.thread_unread')} />}
    </button>
  );
}
