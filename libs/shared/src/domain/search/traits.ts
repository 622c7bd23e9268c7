import type { HasValue, IsValue } from './query.ts';

/** What `has:` and `is:` look at; a message as it crosses the wire has all of it. */
export interface TraitFacts {
  content: string;
  kind: string;
  files: readonly { name: string; mime: string }[];
  reactions: readonly unknown[];
  thread: unknown;
  parent_message_id: string | null;
  pinned: boolean;
  edited_at: string | null;
}
export type Trait = `has:${HasValue}` | `is:${IsValue}`;

/** Which `has:` and `is:` a message answers to. `is:dm` is its channel's. */
export function traitsOf(message: TraitFacts, direct: boolean): Trait[] {
  const traits: Trait[] = [];
  const add = (trait: Trait, holds: boolean): void => void (holds && traits.push(trait));
  const threaded = message.thread !== null || message.parent_message_id !== null;
  add('has:link', /https?:\/\//i.test(message.content));
  add('has:file', message.files.length > 0);
  add('has:image', message.files.some((file) => file.mime.startsWith('image/')));
  add('has:reaction', message.reactions.length > 0);
  add('has:thread', message.thread !== null);
  add('has:code', message.content.includes('`'));
  add('is:thread', threaded);
  add('is:pinned', message.pinned);
  add('is:edited', message.edited_at !== null);
  add('is:bot', message.kind === 'bot');
  add('is:dm', direct);
  return traits;
}
