import type { ReactNode } from 'react';
import { ENGLISH } from './catalogue.ts';
import scenes from './en/scenes.json';
import { makeIntl, TextProvider } from './text.tsx';

/** English words around a component under test, in UTC. */
export function WithText({ children }: { children: ReactNode }) {
  return <TextProvider intl={makeIntl('en', { ...ENGLISH, ...scenes }, 'UTC')}>{children}</TextProvider>;
}
