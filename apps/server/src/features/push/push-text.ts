import { parseMarkup } from '@parley/shared/domain/markup/parse';
import { markupText } from '@parley/shared/domain/markup/text';
import type { NotifyPreferences } from '@parley/shared/domain/notify-preferences';
import type { WordKey } from '../../i18n/en.ts';
import type { Words } from '../../i18n/words.ts';
import type { PushFacts } from './push-facts.ts';

const BODY_CHARACTERS = 300;
const TITLE_CHARACTERS = 150;
const SAID: Partial<Record<PushFacts['kind'], WordKey>> = {
  mention: 'notify.said_mention', thread: 'notify.said_thread', reaction: 'notify.said_reaction', invitation: 'notify.said_invitation', reminder: 'notify.said_reminder', keyword: 'notify.said_keyword',
};

/** What a notification says: never more than the preview preference allows. */
export function pushText(facts: PushFacts, preview: NotifyPreferences['preview'], words: Words): { title: string; body: string } {
  if (preview === 'none') return { title: words.say('notify.hidden'), body: '' };
  const title = facts.count > 1 ? words.say(facts.direct ? 'notify.many_direct' : 'notify.many', { n: facts.count, channel: facts.channel }) : saidOf(facts, words);
  return { title: cut(title, TITLE_CHARACTERS), body: preview === 'full' ? plainText(facts) : '' };
}

/** Who did what where, in one line. */
export function saidOf(facts: PushFacts, words: Words): string {
  const who = words.list(facts.who.length === 0 ? [words.say('person.unknown')] : facts.who.map((name) => name || words.say('person.unknown')));
  const key = facts.unsent ? 'notify.said_unsent' : facts.kind === 'dm' ? (facts.channel === who ? 'notify.said_dm' : 'notify.said_group_dm') : (SAID[facts.kind] ?? 'notify.said_other');
  return words.say(key, { who, channel: facts.channel });
}

/** The message as plain text, cut. */
export function plainText(facts: PushFacts): string {
  if (facts.content === null) return '';
  const name = (id: string): string | null => facts.names[id] ?? null;
  return cut(markupText(parseMarkup(facts.content), { user: name, channel: name }), BODY_CHARACTERS);
}

/** Where it leads in the client. */
export function pathOf(facts: PushFacts): string {
  if (facts.workspace_id === null || facts.channel_id === null) return '/';
  return `/w/${facts.workspace_id}/c/${facts.channel_id}${facts.message_id === null ? '' : `/m/${facts.message_id}`}${facts.root_id === null ? '' : `/t/${facts.root_id}`}`;
}

/** By whole characters. */
const cut = (text: string, most: number): string => {
  const characters = Array.from(text.slice(0, most * 4));
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
};
