import { ArchiveError } from './archive-error.ts';
import { jsonFault } from './json-fault.ts';

/** An element of a JSON array, and the line it begins on. */
export interface Element {
  value: unknown;
  line: number;
}

export const ELEMENT_BYTES = 32 * 2 ** 20;

type State = 'before' | 'first' | 'element' | 'between' | 'next' | 'after';

const SPACE = 0x20, TAB = 0x09, LF = 0x0a, CR = 0x0d, QUOTE = 0x22, BACKSLASH = 0x5c, COMMA = 0x2c;
const OPEN_ARRAY = 0x5b, CLOSE_ARRAY = 0x5d, OPEN_OBJECT = 0x7b, CLOSE_OBJECT = 0x7d;

/**
 * Splits a file that is one JSON array into its elements, without ever holding more than one element and one chunk. Elements are
 * answered in the batches the chunks bring.
 * @throws ArchiveError with file and line for what is no JSON, no array, cut short, not UTF-8 or has too large an element.
 */
export async function* jsonArray(chunks: AsyncIterable<Uint8Array>, file: string, elementBytes = ELEMENT_BYTES): AsyncGenerator<Element[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let state = 'before' as State;
  let line = 1, depth = 0, inString = false, escaped = false;
  let parts: Uint8Array[] = [], held = 0, startLine = 1, position = 0;

  const parse = (last: Uint8Array): Element => {
    const bytes = parts.length === 0 ? last : Buffer.concat([...parts, last]);
    parts = [];
    held = 0;
    let text: string;
    try {
      text = decoder.decode(bytes);
    } catch {
      throw new ArchiveError('is not UTF-8 text', file, startLine);
    }
    try {
      return { value: JSON.parse(text) as unknown, line: startLine };
    } catch {
      throw badJson(text, file, startLine);
    }
  };

  for await (const chunk of chunks) {
    const found: Element[] = [];
    let from = 0;
    for (let i = 0; i < chunk.length; i++) {
      const c = chunk[i]!;
      if (c === LF) line++;
      if (state === 'element') {
        if (inString) {
          if (escaped) escaped = false;
          else if (c === BACKSLASH) escaped = true;
          else if (c === QUOTE) inString = false;
        } else if (c === QUOTE) inString = true;
        else if (c === OPEN_OBJECT || c === OPEN_ARRAY) depth++;
        else if (depth > 0 && (c === CLOSE_OBJECT || c === CLOSE_ARRAY)) {
          if (--depth === 0) {
            found.push(parse(chunk.subarray(from, i + 1)));
            state = 'between';
          }
        } else if (depth === 0 && (c === COMMA || c === CLOSE_ARRAY)) {
          found.push(parse(chunk.subarray(from, i)));
          state = c === COMMA ? 'next' : 'after';
        }
        continue;
      }
      if (c === SPACE || c === LF || c === CR || c === TAB) continue;
      if (state === 'before') {
        // A byte order mark may stand before it.
        if (position + i < 3 && (c === 0xef || c === 0xbb || c === 0xbf)) continue;
        if (c !== OPEN_ARRAY) throw new ArchiveError('is not a JSON array', file, line);
        state = 'first';
      } else if (state === 'between') {
        if (c === COMMA) state = 'next';
        else if (c === CLOSE_ARRAY) state = 'after';
        else throw new ArchiveError(`is not JSON: unexpected ${shown(c)} between two elements`, file, line);
      } else if (state === 'after') {
        throw new ArchiveError(`is not JSON: unexpected ${shown(c)} after the end`, file, line);
      } else if (state === 'first' && c === CLOSE_ARRAY) {
        state = 'after';
      } else if (c === COMMA || c === CLOSE_ARRAY || c === CLOSE_OBJECT) {
        throw new ArchiveError(`is not JSON: unexpected ${shown(c)}`, file, line);
      } else {
        state = 'element';
        from = i;
        startLine = line;
        inString = c === QUOTE;
        depth = c === OPEN_OBJECT || c === OPEN_ARRAY ? 1 : 0;
      }
    }
    position += chunk.length;
    if (state === 'element') {
      const rest = chunk.subarray(from);
      held += rest.length;
      if (held > elementBytes) throw new ArchiveError(`has an element of more than ${elementBytes} bytes`, file, startLine);
      parts.push(Buffer.from(rest));
    }
    if (found.length > 0) yield found;
  }
  if ((state as State) !== 'after') throw new ArchiveError(state === 'before' ? 'is empty' : 'ends in the middle', file, line);
}

const shown = (c: number): string => (c > 0x20 && c < 0x7f ? `"${String.fromCharCode(c)}"` : `byte 0x${c.toString(16)}`);

function badJson(text: string, file: string, startLine: number): ArchiveError {
  const { position, what } = jsonFault(text);
  return new ArchiveError(`is not JSON: ${what}`, file, startLine + (text.slice(0, position).match(/\n/g)?.length ?? 0));
}
