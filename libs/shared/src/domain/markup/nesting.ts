/**
 * How deep quotes and lists nest, found without parsing: parsers of deep nesting are slow or overflow the stack. The scan is
 * one pass over the text and never says less than the parser would find, give or take lazy continuation lines.
 */

/** The wire's `content_nesting`. */
export const MAX_NESTING = 20;

interface Open { kind: 'quote' | 'item'; column: number }

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const MARKER = /^(?:[-*+]|\d{1,9}[.)])(?=[ \t]|$)/;

/** Calls `found` with each line's depth, and where in the line the marker that went beyond `limit` stands (else -1). */
function scan(content: string, limit: number, found: (depth: number, line: string, cut: number) => void): void {
  let open: Open[] = [];
  let fence: string | null = null;
  for (const line of content.split('\n')) {
    if (fence !== null) {
      found(open.length, line, -1);
      if (line.trim().startsWith(fence) && line.trim().replaceAll(fence[0] ?? '', '') === '') fence = null;
      continue;
    }
    if (line.trim() === '') { found(open.length, line, -1); continue; }
    const stack: Open[] = [];
    let at = 0;
    let column = 0;
    let cut = -1;
    let kept = 0;
    const ruleFrom = ruleTail(line);
    // Past a marker that is made literal, nothing opens any more.
    while (cut < 0) {
      const start = column;
      while (line[at] === ' ' || line[at] === '\t') { column += line[at] === '\t' ? 4 - (column % 4) : 1; at++; }
      // Items that stay open by indentation alone.
      while (kept < open.length && open[kept]?.kind === 'item' && (open[kept]?.column ?? 0) <= column) { stack.push(open[kept] as Open); kept++; }
      const inside = stack.length > 0 ? Math.max(start, stack[stack.length - 1]?.kind === 'item' ? (stack[stack.length - 1]?.column ?? 0) : start) : start;
      if (column - inside > 3) break;
      const rest = line.slice(at);
      if (rest.startsWith('>')) {
        if (open[kept]?.kind === 'quote') kept++; else kept = open.length;
        if (stack.length >= limit) { cut = at; break; }
        stack.push({ kind: 'quote', column });
        at++; column++;
        if (line[at] === ' ') { at++; column++; }
        continue;
      }
      const marker = MARKER.exec(rest)?.[0];
      if (marker === undefined || (at >= ruleFrom && rest.length >= 3)) break;
      kept = open.length;
      if (stack.length >= limit) { cut = at; break; }
      at += marker.length; column += marker.length;
      stack.push({ kind: 'item', column: column + 1 });
    }
    const opened = FENCE.exec(line.slice(at));
    if (opened) fence = opened[1] ?? null;
    open = stack;
    found(stack.length, line, cut);
  }
}

/** From where to the end a line holds only one of `-` and `*`, with spaces, three at least: a rule, not list items. */
function ruleTail(line: string): number {
  let at = line.length;
  let mark = '';
  let count = 0;
  while (at > 0) {
    const c = line[at - 1] ?? '';
    if (c !== ' ' && c !== '\t') {
      if (c !== '-' && c !== '*') break;
      if (mark !== '' && c !== mark) break;
      mark = c;
      count++;
    }
    at--;
  }
  return count >= 3 ? at : line.length;
}

/** The deepest nesting of quotes and lists in a text; beyond `limit` the answer is `limit + 1`. */
export function nestingDepth(content: string, limit: number = MAX_NESTING): number {
  let deepest = 0;
  scan(content, limit, (depth, _line, cut) => { deepest = Math.max(deepest, cut < 0 ? depth : limit + 1); });
  return deepest;
}

/** The text with every marker beyond `limit` made literal, so that no parser nests deeper. */
export function cutNesting(content: string, limit: number = MAX_NESTING): string {
  if (nestingDepth(content, limit) <= limit) return content;
  const lines: string[] = [];
  scan(content, limit, (_depth, line, cut) => {
    lines.push(cut < 0 ? line : line.slice(0, cut) + escapeMarkers(line.slice(cut)));
  });
  return lines.join('\n');
}

/** One backslash is enough: what follows a literal character in its line opens nothing any more. */
function escapeMarkers(rest: string): string {
  return rest.replace(/^(\d{0,9})([>\-*+.)])/, '$1\\$2');
}
