import type { Markup } from '@parley/shared/domain/markup/ast';
import { parseMarkup, plainMarkup } from '@parley/shared/domain/markup/parse';
import { useEffect, useState } from 'react';
import { LongParser, type ParserWorker } from './long-parser.ts';

/** Longer texts are parsed in a worker. */
export const LONG_TEXT = 2_000;
const KEPT = 2_000;
const cache = new Map<string, Markup>();
let parser: LongParser | null = null;

const longParser = () =>
  (parser ??= new LongParser(
    () => new Worker(new URL('./parse-worker.ts', import.meta.url), { type: 'module' }) as unknown as ParserWorker,
    (run, ms) => { const timer = setTimeout(run, ms); return () => clearTimeout(timer); },
  ));

function remember(key: string, markup: Markup): Markup {
  cache.set(key, markup);
  for (const oldest of cache.keys()) {
    if (cache.size <= KEPT) break;
    cache.delete(oldest);
  }
  return markup;
}

/** Parsed at once when short, else null unless it is known already. */
export function markupNow(key: string, content: string): Markup | null {
  const known = cache.get(key);
  if (known) return known;
  return content.length <= LONG_TEXT ? remember(key, parseMarkup(content)) : null;
}

/**
 * A message's markup by id and rev. A long text is plain at first and takes its look when the worker has it.
 */
export function useMarkup(id: string, rev: number, content: string): Markup {
  // A pending edit keeps id and rev but has another text.
  const key = `${id}:${rev}:${content.length}:${content.slice(0, 24)}:${content.slice(-24)}`;
  const now = markupNow(key, content);
  const [late, setLate] = useState<{ key: string; markup: Markup } | null>(null);
  const wait = now === null;
  useEffect(() => {
    if (!wait) return;
    let live = true;
    void longParser().parse(content).then((markup) => {
      const made = remember(key, markup ?? plainMarkup(content));
      if (live) setLate({ key, markup: made });
    });
    return () => { live = false; };
  }, [wait, key, content]);
  return now ?? (late?.key === key ? late.markup : plainMarkup(content));
}
