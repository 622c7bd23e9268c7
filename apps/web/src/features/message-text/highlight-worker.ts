import hljs from 'highlight.js/lib/core';
import { languages } from './languages.ts';
import { tokensOf } from './tokens.ts';

/** Colours code away from the page; a language is fetched when it is first met. */
const scope = self as unknown as { onmessage: ((event: MessageEvent<{ id: number; language: string; code: string }>) => void) | null; postMessage(data: unknown): void };

scope.onmessage = ({ data }) => void colour(data);

async function colour({ id, language, code }: { id: number; language: string; code: string }): Promise<void> {
  const load = languages[language];
  if (!load) { scope.postMessage({ id, tokens: null }); return; }
  try {
    if (!hljs.getLanguage(language)) hljs.registerLanguage(language, (await load()).default);
    scope.postMessage({ id, tokens: tokensOf(hljs.highlight(code, { language, ignoreIllegals: true }).value) });
  } catch (error) {
    scope.postMessage({ id, tokens: null, failed: String(error) });
  }
}
