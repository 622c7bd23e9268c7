/** Where suggestions begin (CMP-6): the word at the caret, read from the text alone. */

export type TriggerKind = 'person' | 'channel' | 'emoji';
export interface Trigger { kind: TriggerKind; query: string; from: number; to: number }

const SIGILS: Record<string, TriggerKind> = { '@': 'person', '#': 'channel', ':': 'emoji' };

export function findTrigger(text: string, caret: number): Trigger | null {
  const start = Math.max(text.lastIndexOf('\n', caret - 1) + 1, caret - 60);
  for (let at = caret - 1; at >= start; at--) {
    const kind = SIGILS[text[at] ?? ''];
    if (kind === undefined) {
      // Names of people may hold one space; other words end there.
      if (/\s/.test(text[at] ?? '') && !/^[\p{L}\p{M}.'-]*$/u.test(text.slice(at + 1, caret))) return null;
      if (/\s/.test(text[at] ?? '') && /\s/.test(text.slice(at + 1, caret))) return null;
      continue;
    }
    const query = text.slice(at + 1, caret);
    const before = text[at - 1];
    if (before !== undefined && !/[\s([{"'*_~>/-]/.test(before)) return null;
    if (/\s/.test(query) && kind !== 'person') return null;
    if (query.startsWith(' ')) return null;
    if (kind === 'emoji' && (query.length < 2 || !/^[\p{L}\p{N}_+-]+$/u.test(query))) return null;
    return { kind, query, from: at, to: caret };
  }
  return null;
}

/** `+:emoji:` alone reacts to the last message (LST-21). */
export const readReaction = (text: string): string | null => /^\+(?::([\w+-]+):|(\p{Extended_Pictographic}\S*))$/u.exec(text.trim())?.slice(1).find((part) => part !== undefined) ?? null;
