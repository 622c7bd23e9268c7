import { createHash } from 'node:crypto';
import type { Card } from '@parley/shared/protocol/entities';
import { API_PREFIX } from '@parley/shared/protocol/version';
import type { KeptCard, MessageRow } from '../../storage/tables.ts';

/** Cards are kept by page: what follows `#` is a place in it. */
export const cardKey = (url: string): string => createHash('sha256').update(url.replace(/#.*$/s, '')).digest('hex');

/** Where the picture of a message's card is served. The address names the message, since who may read that may see it. */
export const pictureAddress = (ref: { channel_id: string; message_id: string }, hash: string): string => `${API_PREFIX}/card_picture?channel_id=${ref.channel_id}&message_id=${ref.message_id}&hash=${hash}`;

/** A kept card under the link of one message. */
export function cardOf(ref: { channel_id: string; message_id: string }, url: string, kept: KeptCard): Card {
  const { title, description, site, picture } = kept;
  if (!picture) return { url, title, description, site };
  const { hash, width, height, thumbhash } = picture;
  return { url, title, description, site, image: { url: pictureAddress(ref, hash), width, height, thumbhash } };
}

/** Gives a message these cards, less those that were taken off. False when it has them already. */
export function giveCards(row: MessageRow, cards: readonly Card[]): boolean {
  const wanted = cards.filter(({ url }) => !row.removed_cards?.includes(url));
  if (JSON.stringify(wanted) === JSON.stringify(row.doc.cards ?? [])) return false;
  if (wanted.length > 0) row.doc.cards = wanted;
  else delete row.doc.cards;
  return true;
}

/** Of an edited message: cards whose link is gone go with it. */
export function keepCardsOf(row: MessageRow, links: readonly string[]): void {
  if (row.doc.cards) giveCards(row, row.doc.cards.filter(({ url }) => links.includes(url)));
}
