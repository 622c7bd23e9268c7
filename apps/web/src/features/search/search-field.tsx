import { Search, X } from 'lucide-react';
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react';
import { dayAt } from '@parley/shared/domain/search/query';
import { getUsers } from '@parley/shared/protocol/calls/accounts';
import { useText } from '../../i18n/text.tsx';
import { useChannels, useEngine } from '../../state/engine.tsx';
import { forgetSearch, recentSearches, rememberSearch } from '../../state/recent-searches.ts';
import { usePages } from '../../state/use-pages.ts';
import { announce } from '../../ui/announce.ts';
import { Chip } from '../../ui/chip.tsx';
import { cx } from '../../ui/cx.ts';
import { IconButton } from '../../ui/icon-button.tsx';
import { openFilter, openLastChip, queryOf, readField, typeInto, type FieldState } from './chips.ts';
import { suggestionsFor, type Suggestion } from './suggestions.ts';
import { timeZone } from './use-search.ts';
import styles from './search.module.css';

export interface SearchFieldProps {
  workspaceId: string;
  /** What the address says; another one than was typed replaces the field. */
  query: string;
  onQuery(query: string): void;
  /** Into the results. */
  onDown(): void;
  onClose(): void;
}

/** SRC-1: one field; filters become chips, with suggestions below, and recent searches while it is empty. */
export function SearchField({ workspaceId, query, onQuery, onDown, onClose }: SearchFieldProps) {
  const t = useText();
  const engine = useEngine();
  const id = useId();
  const [today] = useState(() => dayAt(Date.now(), timeZone()));
  const [field, setField] = useState<FieldState>(() => readField(query, today, true));
  const [open, setOpen] = useState(query === '');
  const [active, setActive] = useState(-1);
  const [recent, setRecent] = useState(() => recentSearches(engine.accountId));
  const said = useRef(query);
  const input = useRef<HTMLInputElement>(null);
  const filter = openFilter(field.text);
  const asksPeople = filter?.name === 'from' && filter.value.replace(/^@/, '') !== '';
  const people = usePages(getUsers, asksPeople ? { workspace_id: workspaceId, query: filter.value.replace(/^@/, '').slice(0, 100), page_size: 8 } : null);
  const channels = useChannels(workspaceId);
  const empty = field.chips.length === 0 && field.text === '';
  const old: Suggestion[] = empty ? recent.map((one) => ({ key: `recent ${one}`, label: one, detail: '', field: readField(one, today, true), final: true })) : [];
  const list = open ? [...old, ...suggestionsFor(field, { channels: channels.map((view) => view.channel.name).filter((name) => name !== '').sort(), people: asksPeople ? (people.items ?? []) : [] }, t)] : [];

  useEffect(() => {
    // The address was changed by somebody else: a command, or a step back.
    if (said.current.trim() === query.trim()) return;
    said.current = query;
    setField(readField(query, today, true));
    setOpen(false);
    input.current?.focus();
  }, [query, today]);
  useEffect(() => input.current?.focus(), []);
  useEffect(() => {
    if (list.length > 0 && filter) announce(t('chat.suggestions', { n: list.length }));
  }, [list.length, filter?.name, t]); // eslint-disable-line react-hooks/exhaustive-deps -- said once for each list, not for each key

  const change = (next: FieldState, show: boolean): void => {
    setField(next);
    setOpen(show);
    setActive(-1);
    const unfinished = openFilter(next.text);
    // A filter that is still written is no word to search for.
    const asked = unfinished ? queryOf({ chips: next.chips, text: next.text.slice(0, unfinished.start) }) : queryOf(next);
    said.current = asked;
    onQuery(asked);
  };
  const accept = (suggestion: Suggestion): void => {
    change(suggestion.field, suggestion.final !== true);
    if (suggestion.final) setRecent(rememberSearch(engine.accountId, queryOf(suggestion.field)));
    input.current?.focus();
  };
  const commit = (): void => {
    const next = readField(queryOf(field), today, true);
    const q = queryOf(next);
    change(next, false);
    if (q !== '') setRecent(rememberSearch(engine.accountId, q));
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.nativeEvent.isComposing) return;
    const take = (run: () => void): void => {
      event.preventDefault();
      run();
    };
    if (event.key === 'ArrowDown' && list.length > 0 && active < list.length - 1) take(() => setActive(active + 1));
    else if (event.key === 'ArrowDown') take(onDown);
    else if (event.key === 'ArrowUp' && active >= 0) take(() => setActive(active - 1));
    else if ((event.key === 'Enter' || (event.key === 'Tab' && !event.shiftKey && active >= 0)) && list[active]) take(() => accept(list[active]!));
    else if (event.key === 'Enter') take(commit);
    else if (event.key === 'Backspace' && field.chips.length > 0 && event.currentTarget.selectionStart === 0 && event.currentTarget.selectionEnd === 0) take(() => change(openLastChip(field), true));
    else if (event.key === 'Delete' && active >= 0 && active < old.length) take(() => setRecent(forgetSearch(engine.accountId, recent[active]!)));
    else if (event.key === 'Escape') take(() => (list.length > 0 && !empty ? setOpen(false) : onClose()));
  };

  return (
    <div className={styles.search} role="search" aria-label={t('search.label')}>
      <div className={styles.field} onPointerDown={(event) => { if (event.target === event.currentTarget) { event.preventDefault(); input.current?.focus(); } }}>
        <Search size={16} strokeWidth={1.75} aria-hidden="true" />
        {field.chips.length > 0 && (
          <ul className={styles.chips} aria-label={t('search.chips')}>
            {field.chips.map((chip, i) => <li key={`${i}${chip}`}><Chip removeLabel={t('search.remove', { filter: chip })} onRemove={() => { change({ ...field, chips: field.chips.filter((_, n) => n !== i) }, false); input.current?.focus(); }}>{chip}</Chip></li>)}
          </ul>
        )}
        <input
          ref={input} data-search-field className={styles.input} type="text" dir="auto" enterKeyHint="search" autoComplete="off" spellCheck={false} maxLength={900}
          role="combobox" aria-label={t('search.label')} aria-autocomplete="list" aria-expanded={list.length > 0} aria-controls={list.length > 0 ? id : undefined} aria-activedescendant={active >= 0 ? `${id}${active}` : undefined}
          placeholder={empty ? t('search.placeholder') : undefined} value={field.text} onKeyDown={onKeyDown} onFocus={() => setOpen(empty || filter !== null)} onBlur={() => setOpen(false)}
          onChange={(event) => change(typeInto(field, event.target.value, today), true)}
        />
        <IconButton label={t('search.close')} onClick={onClose}><X size={18} strokeWidth={1.75} aria-hidden="true" /></IconButton>
      </div>
      {list.length > 0 && (
        <div id={id} role="listbox" aria-label={old.length > 0 ? t('search.recent') : t('search.suggestions')} className={styles.suggestions}>
          {list.map((suggestion, i) => (
            <div key={suggestion.key} id={`${id}${i}`} role="option" aria-selected={i === active} className={cx(styles.suggestion, i === active && styles.active)} onPointerMove={() => setActive(i)} onMouseDown={(event) => event.preventDefault()} onClick={() => accept(suggestion)}>
              <bdi className={styles.label}>{suggestion.label}</bdi><span className={styles.soft}>{suggestion.detail}</span>
              {i < old.length && <span className={styles.forget} title={t('search.forget', { query: suggestion.label })} onClick={(event) => { event.stopPropagation(); setRecent(forgetSearch(engine.accountId, suggestion.label)); }}><X size={14} aria-hidden="true" /></span>}
            </div>
          ))}
        </div>
      )}
    </div>
  );
}
