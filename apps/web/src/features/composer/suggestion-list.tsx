import { Hash, Lock, Megaphone, Users } from 'lucide-react';
import { useText } from '../../i18n/text.tsx';
import { useUser } from '../../state/engine.tsx';
import { Avatar } from '../../ui/avatar.tsx';
import { cx } from '../../ui/cx.ts';
import { CustomPicture } from '../emoji/custom.tsx';
import styles from './composer.module.css';
import type { Suggestion } from './suggest.ts';

/** The list above the text; the textbox points at its chosen row by `aria-activedescendant`. */
export function SuggestionList({ id, list, chosen, onChoose, onAccept }: { id: string; list: readonly Suggestion[]; chosen: number; onChoose(index: number): void; onAccept(index: number): void }) {
  const t = useText();
  return (
    <div id={id} role="listbox" aria-label={t('chat.suggestions.label')} className={styles.suggestions}>
      {list.map((suggestion, i) => (
        <div key={suggestion.key} id={`${id}${i}`} role="option" aria-selected={i === chosen} aria-disabled={suggestion.kind === 'everyone' && !suggestion.allowed} className={cx(styles.suggestion, i === chosen && styles.chosen)}
          onPointerMove={() => { if (i !== chosen) onChoose(i); }} onMouseDown={(event) => event.preventDefault()} onClick={() => onAccept(i)}>
          <Content suggestion={suggestion} />
        </div>
      ))}
    </div>
  );
}

function Content({ suggestion }: { suggestion: Suggestion }) {
  const t = useText();
  switch (suggestion.kind) {
    case 'person': return <><Face id={suggestion.id} name={suggestion.name} /><b><bdi>{suggestion.name}</bdi></b><span className={styles.minor}>{suggestion.username}{suggestion.outside && ` · ${t('chat.not_in_channel')}`}</span></>;
    case 'group': return <><Users size={18} aria-hidden="true" /><b>@<bdi>{suggestion.handle}</bdi></b><span className={styles.minor}><bdi>{suggestion.name}</bdi> · {t('chat.group_members', { n: suggestion.count })}</span></>;
    case 'everyone': return <><Megaphone size={18} aria-hidden="true" /><b>@{suggestion.scope}</b><span className={styles.minor}>{suggestion.allowed ? (suggestion.scope === 'here' ? t('chat.everyone.here') : t('chat.everyone.channel')) : t('chat.everyone.refused')}</span></>;
    case 'channel': return <>{suggestion.isPrivate ? <Lock size={18} aria-hidden="true" /> : <Hash size={18} aria-hidden="true" />}<b><bdi>{suggestion.name}</bdi></b></>;
    case 'emoji': return <><span className={styles.glyph}>{suggestion.own ? <CustomPicture emoji={suggestion.own} named /> : suggestion.glyph}</span><span>:{suggestion.name}:</span></>;
  }
}

function Face({ id, name }: { id: string; name: string }) {
  const user = useUser(id);
  return <Avatar id={id} name={name} url={user?.avatar_url} size={1.5} />;
}
