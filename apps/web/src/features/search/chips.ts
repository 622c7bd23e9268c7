import { FILTER_NAMES, parseQuery, type FilterName } from '@parley/shared/domain/search/query';

/** What stands in the field: filters and phrases that are complete, and the text that is still written. */
export interface FieldState {
  chips: readonly string[];
  text: string;
}

export const queryOf = ({ chips, text }: FieldState): string => [...chips, text].join(' ').trim();

/** Takes filters and phrases out of the text once something stands behind them. `whole` takes those at its end too. */
export function readField(query: string, today: string, whole = false): FieldState {
  const chips: string[] = [];
  let text = '';
  let at = 0;
  for (const part of parseQuery(query, today).parts) {
    const raw = query.slice(part.start, part.end);
    const closed = raw.length > 1 && /["”“»]$/.test(raw);
    const ended = whole || part.end < query.length || closed;
    if (part.kind !== 'word' && ended && (part.kind === 'filter' || closed)) {
      text += query.slice(at, part.start);
      chips.push(raw);
      at = part.end;
    }
  }
  text += query.slice(at);
  return { chips, text: chips.length > 0 ? text.replace(/\s+/g, ' ').trimStart() : text.trimStart() };
}

/** What was typed into a field that has chips already. */
export function typeInto(before: FieldState, text: string, today: string): FieldState {
  const read = readField(text, today);
  return { chips: [...before.chips, ...read.chips], text: read.text };
}

/** Backspace at the start of the text: the last chip is text again. */
export function openLastChip({ chips, text }: FieldState): FieldState {
  const last = chips.at(-1);
  return last === undefined ? { chips, text } : { chips: chips.slice(0, -1), text: `${last}${text === '' ? '' : ` ${text}`}` };
}

/** The filter whose value is being written at the end of the text. */
export function openFilter(text: string): { name: FilterName; value: string; start: number } | null {
  const match = /(?:^|\s)(from|in|before|after|on|has|is):(?:"([^"]*)|(\S*))$/i.exec(text);
  if (!match) return null;
  const name = FILTER_NAMES.find((one) => one === match[1]?.toLowerCase());
  return name === undefined ? null : { name, value: match[2] ?? match[3] ?? '', start: match.index + (/^\s/.test(match[0]) ? 1 : 0) };
}
