import { useEffect, useState } from 'react';
import type { CodeToken } from './tokens.ts';

/** Code is plain first and coloured when the worker has it; glyphs and lines stay the same, so its size does too. */
const KEPT = 300;
const LONGEST = 40_000;
const cache = new Map<string, readonly CodeToken[] | null>();
const waiting = new Map<number, (tokens: readonly CodeToken[] | null) => void>();
let worker: Worker | null = null;
let last = 0;

function colour(language: string, code: string): Promise<readonly CodeToken[] | null> {
  if (!worker) {
    worker = new Worker(new URL('./highlight-worker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<{ id: number; tokens: readonly CodeToken[] | null }>) => {
      waiting.get(data.id)?.(data.tokens);
      waiting.delete(data.id);
    };
    worker.onerror = () => {
      for (const resolve of waiting.values()) resolve(null);
      waiting.clear();
      worker?.terminate();
      worker = null;
    };
  }
  const id = ++last;
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    worker?.postMessage({ id, language, code });
  });
}

export function useCodeTokens(language: string | null, code: string): readonly CodeToken[] | null {
  const key = `${language ?? ''}\n${code}`;
  const [, render] = useState(0);
  const known = cache.get(key);
  useEffect(() => {
    if (language === null || known !== undefined || code.length > LONGEST) return;
    let live = true;
    void colour(language, code).then((tokens) => {
      cache.set(key, tokens);
      for (const oldest of cache.keys()) {
        if (cache.size <= KEPT) break;
        cache.delete(oldest);
      }
      if (live) render((n) => n + 1);
    });
    return () => { live = false; };
  }, [language, code, key, known]);
  return known ?? null;
}
