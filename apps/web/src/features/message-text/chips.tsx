import { Hash, Users } from 'lucide-react';
import { useText } from '../../i18n/text.tsx';
import { cx } from '../../ui/cx.ts';
import { useChannel, useGroup, useMe, useUser } from '../../state/engine.tsx';
import { useChat } from './chat-context.tsx';
import styles from './message-text.module.css';

/** References as chips with live names (LST-24); one's own stand out. */
export function UserChip({ id }: { id: string }) {
  const t = useText();
  const { go } = useChat();
  const person = useUser(id);
  const me = useMe();
  if (!person) return <span className={cx(styles.chip, styles.unknown)}>{t('chat.unknown_person')}</span>;
  return (
    <button type="button" tabIndex={-1} className={cx(styles.chip, me?.id === id && styles.own)} onClick={() => go({ kind: 'profile', userId: id })}>
      @<bdi>{person.display_name}</bdi>
    </button>
  );
}

export function ChannelChip({ id }: { id: string }) {
  const t = useText();
  const { go } = useChat();
  const view = useChannel(id);
  if (!view) return <span className={cx(styles.chip, styles.unknown)}>{t('chat.private_channel')}</span>;
  return (
    <button type="button" tabIndex={-1} className={styles.chip} onClick={() => go({ kind: 'channel', channelId: id })}>
      <Hash size="0.8em" aria-hidden="true" /><bdi>{view.channel.name}</bdi>
    </button>
  );
}

export function GroupChip({ id }: { id: string }) {
  const t = useText();
  const { go } = useChat();
  const group = useGroup(id);
  if (!group) return <span className={cx(styles.chip, styles.unknown)}><Users size="0.8em" aria-hidden="true" /> {t('chat.unknown_group')}</span>;
  return (
    <button type="button" tabIndex={-1} className={cx(styles.chip, group.mine && styles.own)} title={group.name} onClick={() => go({ kind: 'group', groupId: id })}>
      @<bdi>{group.handle}</bdi>
    </button>
  );
}

export const EveryoneChip = ({ scope }: { scope: 'channel' | 'here' }) => <span className={cx(styles.chip, styles.own)}>@{scope}</span>;
