import type { ReactNode } from 'react';
import { ENGLISH } from './catalogue.ts';
import entry from './en/entry.json';
import scenes from './en/scenes.json';
import { makeIntl, TextProvider } from './text.tsx';

/** English words around a component under test, in UTC. */
export function WithText({ children }: { children: ReactNode }) {
  return <TextProvider intl={makeIntl('en', { ...ENGLISH, ...entry, ...scenes }, 'UTC')}>{children}</TextProvider>;
}
