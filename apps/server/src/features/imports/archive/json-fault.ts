export interface JsonFault {
  position: number;
  what: string;
}

const LITERAL = /(?:true|false|null)(?![\w])|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])/y;
// eslint-disable-next-line no-control-regex -- these are what JSON forbids in a text
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/y;
const SPACE = /[ \t\r\n]*/y;

/**
 * Where a text stops being JSON, found by reading it once more: the engine's own message names no place for many faults, and
 * quotes the text, which may be somebody's message. Call it only for what `JSON.parse` refused.
 */
export function jsonFault(text: string): JsonFault {
  const open: ('{' | '[')[] = [];
  let at = 0;
  /** What may come: a value, a value or the end of an empty list, a key, a key or the end, a colon, or a comma or the end. */
  let next: 'value' | 'first' | 'key' | 'firstKey' | 'colon' | 'more' = 'value';
  const match = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at += found[0].length;
    return found !== null;
  };
  const fault = (): JsonFault => ({ position: at, what: at >= text.length ? 'it ends in the middle' : text[at] === '"' ? 'a text is not closed, or holds what it may not' : `unexpected ${/[!-~]/.test(text[at]!) ? `"${text[at]}"` : 'character'}` });
  for (;;) {
    match(SPACE);
    const c = text[at];
    if (next === 'more' && open.length === 0) return { position: at, what: c === undefined ? 'it cannot be read' : 'something follows its end' };
    if (next === 'value' || next === 'first') {
      if (c === '{' || c === '[') {
        open.push(c);
        next = c === '{' ? 'firstKey' : 'first';
        at++;
      } else if (next === 'first' && c === ']') {
        open.pop();
        next = 'more';
        at++;
      } else if (match(STRING) || match(LITERAL)) next = 'more';
      else return fault();
    } else if (next === 'key' || next === 'firstKey') {
      if (next === 'firstKey' && c === '}') {
        open.pop();
        next = 'more';
        at++;
      } else if (match(STRING)) next = 'colon';
      else return fault();
    } else if (next === 'colon') {
      if (c !== ':') return fault();
      next = 'value';
      at++;
    } else {
      const inside = open[open.length - 1];
      if (c === ',') next = inside === '{' ? 'key' : 'value';
      else if (c === (inside === '{' ? '}' : ']')) open.pop();
      else return fault();
      at++;
    }
  }
}
