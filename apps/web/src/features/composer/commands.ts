/** Editing commands as pure functions over text and selection: the same in the plain field and in the live editor. */

export interface Field { text: string; from: number; to: number }
/** Replace [from, to) by `insert`, then select [anchor, head). */
export interface Edit { from: number; to: number; insert: string; anchor: number; head: number }

export type InlineMark = 'bold' | 'italic' | 'strike' | 'code';
const MARKS: Record<InlineMark, string> = { bold: '**', italic: '_', strike: '~~', code: '`' };

/** Puts marks around the selection, or takes them away when they are there; an empty selection gets the caret between them. */
export function toggleMark({ text, from, to }: Field, kind: InlineMark): Edit {
  const mark = MARKS[kind];
  const n = mark.length;
  const inner = text.slice(from, to);
  if (inner.length >= 2 * n && inner.startsWith(mark) && inner.endsWith(mark)) {
    return { from, to, insert: inner.slice(n, -n), anchor: from, head: to - 2 * n };
  }
  if (text.slice(from - n, from) === mark && text.slice(to, to + n) === mark) {
    return { from: from - n, to: to + n, insert: inner, anchor: from - n, head: to - n };
  }
  // White space at the edges would keep the marks from working.
  const lead = inner.length - inner.trimStart().length;
  const tail = inner.trim() === '' ? 0 : inner.length - inner.trimEnd().length;
  const start = from + (inner.trim() === '' ? 0 : lead);
  const end = to - tail;
  return { from: start, to: end, insert: mark + text.slice(start, end) + mark, anchor: start + n, head: end + n };
}

/** Whether the caret stands inside such marks, in its line. */
export function hasMark({ text, from, to }: Field, kind: InlineMark): boolean {
  const mark = MARKS[kind];
  const start = text.lastIndexOf('\n', from - 1) + 1;
  const stop = text.indexOf('\n', to);
  const count = text.slice(start, from).split(mark).length - 1;
  return count % 2 === 1 && text.slice(to, stop < 0 ? undefined : stop).includes(mark);
}

export type LineMark = 'bullet' | 'number' | 'quote';
const LINE: Record<LineMark, RegExp> = { bullet: /^(\s*)[-*+] /, number: /^(\s*)\d{1,9}[.)] /, quote: /^(\s*)> ?/ };

function linesAt({ text, from, to }: Field): { start: number; end: number; lines: string[] } {
  const start = text.lastIndexOf('\n', from - 1) + 1;
  const next = text.indexOf('\n', to);
  const end = next < 0 ? text.length : next;
  return { start, end, lines: text.slice(start, end).split('\n') };
}

/** Makes the selected lines a list or a quote, or plain again. */
export function toggleLines(field: Field, kind: LineMark): Edit {
  const { start, end, lines } = linesAt(field);
  const all = lines.every((line) => LINE[kind].test(line));
  const made = lines.map((line, i) => {
    if (all) return line.replace(LINE[kind], '$1');
    const plain = kind === 'quote' ? line : line.replace(LINE.bullet, '$1').replace(LINE.number, '$1');
    return kind === 'quote' ? `> ${plain}` : kind === 'bullet' ? `- ${plain}` : `${i + 1}. ${plain}`;
  });
  const insert = made.join('\n');
  if (field.from === field.to) {
    const caret = Math.max(start, field.to + insert.length - (end - start));
    return { from: start, to: end, insert, anchor: caret, head: caret };
  }
  return { from: start, to: end, insert, anchor: start, head: start + insert.length };
}

/** Deeper or back by two columns. */
export function indentLines(field: Field, direction: 1 | -1): Edit {
  const { start, end, lines } = linesAt(field);
  const insert = lines.map((line) => (direction === 1 ? `  ${line}` : line.replace(/^ {1,2}/, ''))).join('\n');
  const moved = insert.length - (end - start);
  return { from: start, to: end, insert, anchor: Math.max(start, field.from + (lines.length === 1 ? moved : 0)), head: Math.max(start, field.to + moved) };
}

export function toggleCodeBlock({ text, from, to }: Field): Edit {
  const inner = text.slice(from, to);
  const before = from > 0 && text[from - 1] !== '\n' ? '\n' : '';
  const after = to < text.length && text[to] !== '\n' ? '\n' : '';
  const insert = `${before}\`\`\`\n${inner}\n\`\`\`${after}`;
  const caret = from + before.length + 4;
  return { from, to, insert, anchor: caret, head: caret + inner.length };
}

/** `[text](url)`; without a text the caret stands where it goes. */
export function insertLink({ text, from, to }: Field, url = ''): Edit {
  const inner = text.slice(from, to);
  const insert = `[${inner}](${url})`;
  const caret = inner === '' ? from + 1 : from + inner.length + 3;
  return url !== '' && inner !== '' ? { from, to, insert, anchor: from + insert.length, head: from + insert.length } : { from, to, insert, anchor: caret, head: inner === '' ? caret : caret + url.length };
}

/** A new line. Lists and quotes go on; on an empty item they end. */
export function newLine({ text, from, to }: Field): Edit {
  const start = text.lastIndexOf('\n', from - 1) + 1;
  const line = text.slice(start, from);
  const plain = { from, to, insert: '\n', anchor: from + 1, head: from + 1 };
  if (openFence(text, from)) return plain;
  const item = /^(\s*)(?:([-*+])|(\d{1,9})([.)])) (\[[ xX]\] )?/.exec(line) ?? null;
  const quote = /^(\s*>+ ?)/.exec(line);
  const prefix = item ? item[0] : quote?.[1];
  if (prefix === undefined) return plain;
  if (line.trim() === prefix.trim() && text.slice(from).split('\n')[0]?.trim() === '') return { from: start, to, insert: '', anchor: start, head: start };
  const next = item ? `${item[1]}${item[2] ?? `${Number(item[3]) + 1}${item[4]}`} ${item[5] ? '[ ] ' : ''}` : prefix;
  return { from, to, insert: `\n${next}`, anchor: from + 1 + next.length, head: from + 1 + next.length };
}

/** Whether a position stands inside a code block that was opened by backticks and not closed before it. */
export function openFence(text: string, at: number): boolean {
  let open: string | null = null;
  const lines = text.slice(0, at).split('\n');
  for (const [i, line] of lines.entries()) {
    const mark = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line);
    if (!mark) continue;
    if (open === null) {
      // The opening line itself is not inside before it ended.
      if (mark[1]?.startsWith('`') && mark[2]?.includes('`')) continue;
      open = mark[1] ?? null;
    } else if (mark[1]?.startsWith(open) && mark[2]?.trim() === '' && i < lines.length) open = null;
  }
  return open !== null;
}

/** A pasted address over a selection makes a link. */
export function pasteOver(field: Field, pasted: string): Edit | null {
  const url = pasted.trim();
  const inner = field.text.slice(field.from, field.to);
  if (inner.trim() === '' || /\n/.test(inner) || !/^(?:https?:\/\/|mailto:|parley:\/\/)\S+$/i.test(url) || /^https?:\/\/\S+$/i.test(inner.trim())) return null;
  return insertLink(field, url);
}

export const applyEdit = (field: Field, edit: Edit): Field => ({ text: field.text.slice(0, edit.from) + edit.insert + field.text.slice(edit.to), from: Math.min(edit.anchor, edit.head), to: Math.max(edit.anchor, edit.head) });

/** What was typed behind a text while it was being sent: it stays in the field. */
export function typedSince(sent: string, now: string): string {
  if (now === sent) return '';
  return now.startsWith(sent) ? now.slice(sent.length) : now;
}
