import { foldWord } from '@parley/shared/domain/search/fold';
import { FILTER_NAMES, HAS_VALUES, IS_VALUES } from '@parley/shared/domain/search/query';
import type { User } from '@parley/shared/protocol/entities';
import type { Translate } from '../../i18n/text.tsx';
import { openFilter, type FieldState } from './chips.ts';

export interface Suggestion {
  key: string;
  label: string;
  detail: string;
  /** What the field holds once it is taken. */
  field: FieldState;
  /** Searches at once. */
  final?: boolean;
}
export interface SuggestionWorld {
  channels: readonly string[];
  people: readonly Pick<User, 'id' | 'username' | 'display_name'>[];
}

const SHOWN = 8;

/** What may come next: filters at the start, values behind a filter's colon. */
export function suggestionsFor(field: FieldState, { channels, people }: SuggestionWorld, t: Translate): Suggestion[] {
  const open = openFilter(field.text);
  const word = /(?:^|\s)(\S*)$/.exec(field.text)?.[1] ?? '';
  if (!open) {
    const names = word === '' ? (field.text === '' ? FILTER_NAMES : []) : word.length < 2 ? [] : FILTER_NAMES.filter((name) => name.startsWith(word.toLowerCase()));
    const before = field.text.slice(0, field.text.length - word.length);
    return names.map((name) => ({ key: name, label: `${name}:`, detail: t(`search.filter.${name}`), field: { chips: field.chips, text: `${before}${name}:` } }));
  }
  const wanted = foldWord(open.value.replace(/^[@#]/, ''));
  const before = field.text.slice(0, open.start).trim();
  const take = (value: string, label: string, detail: string): Suggestion => ({ key: value, label, detail, final: true, field: { chips: [...field.chips, `${open.name}:${/\s/.test(value) ? `"${value}"` : value}`], text: before } });
  const known = (values: readonly string[]): Suggestion[] => values.filter((value) => value.startsWith(wanted)).map((value) => take(value, `${open.name}:${value}`, valueText(value, t)));
  switch (open.name) {
    case 'from': return [...known(['me']), ...people.map((person) => take(person.username, person.display_name, `@${person.username}`))].slice(0, SHOWN);
    case 'in': return channels.filter((name) => foldWord(name).includes(wanted)).slice(0, SHOWN).map((name) => take(name, `#${name}`, ''));
    case 'has': return known(HAS_VALUES);
    case 'is': return known(IS_VALUES);
    default: return known(['today', 'yesterday']);
  }
}

type Value = 'me' | 'today' | 'yesterday' | (typeof HAS_VALUES)[number] | (typeof IS_VALUES)[number];
const valueText = (value: string, t: Translate): string => t(`search.value.${value as Value}`);
