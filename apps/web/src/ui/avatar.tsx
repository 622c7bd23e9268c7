import styles from './avatar.module.css';
import { cx } from './cx.ts';
import { cornerOf, groundOf, initialsOf } from './identity.ts';

export interface AvatarProps {
  id: string;
  name: string;
  /** Edge in rem. */
  size?: number;
  url?: string | undefined;
  bot?: boolean;
  deactivated?: boolean;
  className?: string;
}

/** The picture of a person or a workspace, generated when there is none. Decoration: the name stands beside it or on the control around it. */
export function Avatar({ id, name, size = 2.25, url, bot, deactivated, className }: AvatarProps) {
  return (
    <span aria-hidden="true" className={cx(styles.avatar, styles[`g${groundOf(id)}`], styles[`corner${cornerOf(id)}`], bot && styles.bot, deactivated && styles.gone, className)} style={{ '--size': `${size}rem` }}>
      <span className={styles.letters}>{initialsOf(name)}</span>
      {url !== undefined && <img className={styles.picture} src={url} alt="" loading="lazy" decoding="async" />}
    </span>
  );
}

/** Two people overlapped, for a group conversation. */
export function AvatarPair({ people, size = 2.25 }: { people: readonly { id: string; name: string }[]; size?: number }) {
  return (
    <span aria-hidden="true" className={styles.pair} style={{ '--size': `${size}rem`, '--whole': `${size}rem` }}>
      {people.slice(0, 2).map((person) => <Avatar key={person.id} id={person.id} name={person.name} size={size * 0.68} />)}
    </span>
  );
}
