import { useId, useMemo, useState } from 'react';
import { getUsers } from '@parley/shared/protocol/calls/accounts';
import type { User } from '@parley/shared/protocol/entities';
import { useText } from '../../i18n/text.tsx';
import { useEngine } from '../../state/engine.tsx';
import { usePages } from '../../state/use-pages.ts';
import { announce } from '../../ui/announce.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { Chip } from '../../ui/chip.tsx';
import styles from './people.module.css';

export interface PeoplePickerProps {
  workspaceId: string;
  label: string;
  chosen: readonly User[];
  onChange(people: readonly User[]): void;
  /** Those who cannot be chosen: already there. */
  without?: ReadonlySet<string>;
  most?: number;
  /** Takes the focus when it comes; it does unless told otherwise. */
  autoFocus?: boolean;
  /** Enter in an empty field. */
  onDone?(): void;
}

/** People by name or username, chosen as chips: a combobox over the directory. */
export function PeoplePicker({ workspaceId, label, chosen, onChange, without, most = 20, autoFocus = true, onDone }: PeoplePickerProps) {
  const t = useText();
  const id = useId();
  const engine = useEngine();
  const [query, setQuery] = useState('');
  const [at, setAt] = useState(0);
  const pages = usePages(getUsers, { workspace_id: workspaceId, page_size: 30, ...(query.trim() === '' ? {} : { query: query.trim().slice(0, 100) }) });
  const options = useMemo(() => (pages.items ?? []).filter((user) => !user.deactivated && !chosen.some((one) => one.id === user.id) && without?.has(user.id) !== true && (user.id !== engine.accountId || without === undefined)), [pages.items, chosen, without, engine.accountId]);
  const selected = Math.min(at, options.length - 1);
  const choose = (user: User | undefined) => {
    if (user === undefined || chosen.length >= most) return;
    onChange([...chosen, user]);
    setQuery('');
    setAt(0);
    announce(user.display_name);
  };
  return (
    <div className={styles.picker}>
      <div className={styles.box}>
        {chosen.map((user) => (
          <Chip key={user.id} icon={<Avatar id={user.id} name={user.display_name} size={1} />} removeLabel={t('people.remove_chip', { name: user.display_name })} onRemove={() => onChange(chosen.filter((one) => one.id !== user.id))}>
            <bdi>{user.display_name}</bdi>
          </Chip>
        ))}
        <input
          className={styles.input} role="combobox" aria-label={label} aria-expanded={options.length > 0} aria-controls={`${id}-list`} aria-autocomplete="list" autoComplete="off" spellCheck={false} autoFocus={autoFocus}
          aria-activedescendant={selected >= 0 ? `${id}-${selected}` : undefined}
          placeholder={chosen.length === 0 ? t('people.placeholder') : ''}
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setAt(0);
          }}
          onKeyDown={(event) => {
            if (event.nativeEvent.isComposing) return;
            if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
              event.preventDefault();
              setAt(options.length === 0 ? 0 : (selected + (event.key === 'ArrowDown' ? 1 : -1) + options.length) % options.length);
            } else if (event.key === 'Enter') {
              event.preventDefault();
              if (query.trim() === '' && chosen.length > 0 && onDone) onDone();
              else choose(options[selected]);
            } else if (event.key === 'Backspace' && query === '' && chosen.length > 0) onChange(chosen.slice(0, -1));
          }}
        />
      </div>
      <ul className={styles.options} role="listbox" id={`${id}-list`} aria-label={t('people.suggestions')}>
        {options.map((user, index) => (
          <li key={user.id} id={`${id}-${index}`} role="option" aria-selected={index === selected} className={styles.option} onPointerMove={() => setAt(index)} onClick={() => choose(user)}>
            <Avatar id={user.id} name={user.display_name} size={1.75} url={user.avatar_url} bot={user.is_bot} />
            <span className={styles.text}><bdi>{user.display_name}</bdi><span className={styles.soft}>@{user.username}{user.title ? ` · ${user.title}` : ''}</span></span>
          </li>
        ))}
        {options.length === 0 && <li role="option" aria-selected="false" aria-disabled="true" className={styles.none}>{pages.failed ? t('app.needs_server') : pages.loading ? t('app.loading') : t('people.none')}</li>}
      </ul>
    </div>
  );
}
