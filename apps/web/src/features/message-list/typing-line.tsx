import { useText } from '../../i18n/text.tsx';
import { useEngine, useTyping } from '../../state/engine.tsx';
import { useUsers } from '../../state/people.ts';
import { useChat } from '../message-text/chat-context.tsx';
import styles from './typing-line.module.css';

/** LST-28: who is typing, in a line of fixed height under the composer. */
export function TypingLine({ channelId, rootId = null, hint }: { channelId: string; rootId?: string | null; hint?: string }) {
  const t = useText();
  const me = useEngine().accountId;
  const { preferences } = useChat();
  const ids = useTyping(channelId, rootId).filter((id) => id !== me);
  const people = useUsers(ids.slice(0, 3));
  const name = (at: number) => people.get(ids[at] ?? '')?.display_name ?? t('chat.somebody');
  const words = !preferences.showTyping || ids.length === 0 ? '' : ids.length > 3 ? t('chat.typing.many') : t('chat.typing', { n: ids.length, a: name(0), b: name(1), c: name(2) });
  return <div className={styles.line}><span className={styles.typing}>{words}</span>{hint !== undefined && <span className={styles.hint}>{hint}</span>}</div>;
}
