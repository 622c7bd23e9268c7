import type { Message } from '@parley/shared/protocol/entities';
import { useState } from 'react';
import { useIntl } from 'react-intl';
import { useText } from '../../i18n/text.tsx';
import { useEngine } from '../../state/engine.tsx';
import { useUsers } from '../../state/people.ts';
import { cx } from '../../ui/cx.ts';
import { Tooltip } from '../../ui/tooltip.tsx';
import { ReactionGlyph, useReactionName } from '../emoji/emoji-glyph.tsx';
import styles from './message-row.module.css';

const SHOWN = 20;
const NAMED = 5;

/** LST-21: chips in order of first use; one's own stand out; a press toggles at once. */
export function Reactions({ id, reactions, onReact }: { id: string; reactions: Message['reactions']; onReact: ((emoji: string) => void) | null }) {
  const t = useText();
  const [all, setAll] = useState(false);
  const shown = all ? reactions : reactions.slice(0, SHOWN);
  return (
    <div id={id} className={styles.reactions} role="group" aria-label={t('chat.reactions')}>
      {shown.map((reaction) => <ReactionChip key={reaction.emoji} reaction={reaction} onReact={onReact} />)}
      {shown.length < reactions.length && <button type="button" tabIndex={-1} className={styles.reaction} onClick={() => setAll(true)}>+{reactions.length - SHOWN}</button>}
    </div>
  );
}

function ReactionChip({ reaction, onReact }: { reaction: Message['reactions'][number]; onReact: ((emoji: string) => void) | null }) {
  const t = useText();
  const { locale } = useIntl();
  const me = useEngine().accountId;
  const nameOf = useReactionName();
  const mine = reaction.user_ids.includes(me);
  const others = reaction.user_ids.filter((id) => id !== me).slice(0, mine ? NAMED - 1 : NAMED);
  const people = useUsers(others);
  const names = [...(mine ? [t('chat.you')] : []), ...others.map((id) => people.get(id)?.display_name ?? t('chat.unknown_person'))];
  const rest = reaction.count - names.length;
  const who = new Intl.ListFormat(locale, { type: 'conjunction' }).format(rest > 0 ? [...names, t('chat.others', { n: rest })] : names);
  const name = nameOf(reaction.emoji);
  return (
    <Tooltip text={t('chat.reaction.who', { who, emoji: name })}>
      <button type="button" tabIndex={-1} className={cx(styles.reaction, mine && styles.mine)} aria-pressed={mine} disabled={onReact === null}
        aria-label={t('chat.reaction.label', { n: reaction.count, emoji: name, mine: mine ? 'yes' : 'no' })} onClick={() => onReact?.(reaction.emoji)}>
        <span className={styles.reactionGlyph}><ReactionGlyph emoji={reaction.emoji} /></span>
        <span className={styles.count}>{reaction.count}</span>
      </button>
    </Tooltip>
  );
}
