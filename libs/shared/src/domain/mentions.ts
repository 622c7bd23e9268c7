import { maskCode } from './content.ts';

/** Whom a text names, in the order of naming, each once. What stands in code or behind a backslash names nobody. */
export interface NamedTargets {
  user_ids: string[];
  group_ids: string[];
  everyone: 'none' | 'channel' | 'here';
}

const REFERENCE = /(\\*)<(?:(@|!group\^)([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})|!(channel|here))>/g;

/** Naming the whole channel wins over naming those who are here. */
export function parseMentions(content: string): NamedTargets {
  const named: NamedTargets = { user_ids: [], group_ids: [], everyone: 'none' };
  if (!content.includes('<@') && !content.includes('<!')) return named;
  const users = new Set<string>();
  const groups = new Set<string>();
  for (const [, slashes, sigil, id, word] of maskCode(content).matchAll(REFERENCE)) {
    if (slashes!.length % 2 === 1) continue;
    if (sigil === '@') users.add(id!);
    else if (sigil !== undefined) groups.add(id!);
    else if (named.everyone !== 'channel') named.everyone = word as 'channel' | 'here';
  }
  named.user_ids = [...users];
  named.group_ids = [...groups];
  return named;
}
