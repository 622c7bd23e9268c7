import type { Inline, Markup } from './markup/ast.ts';
import { parseMarkup } from './markup/parse.ts';
import { walkInlines } from './markup/text.ts';

/** At most so many cards stand under a message, those of messages linked to included. */
export const MAX_CARDS = 3;
/** Longer addresses are links like any other, without a card. */
export const MAX_CARD_URL = 2_048;

/** Whether a text may have a link; false is certain. Cheap enough for each send. */
export const mayHaveLinks = (content: string): boolean => /https?:\/\/|parley:\/\/|www\./i.test(content);

/**
 * The links of a text that may have a card: the first few different ones by http, https or `parley://`, in their order.
 * What stands in code is no link.
 */
export function cardLinks(content: string): string[] {
  return mayHaveLinks(content) ? linksOf(parseMarkup(content)) : [];
}

/** As `cardLinks`, of a text that was parsed already. */
export function linksOf(markup: Markup): string[] {
  const found = new Set<string>();
  for (const node of walkInlines(markup)) {
    const url = addressOf(node);
    if (url !== null && url.length <= MAX_CARD_URL) found.add(url);
    if (found.size === MAX_CARDS) break;
  }
  return [...found];
}

function addressOf(node: Inline): string | null {
  return (node.type === 'link' || node.type === 'image') && /^(?:https?|parley):\/\//i.test(node.url) ? node.url : null;
}
