import type { Card, Message } from '@parley/shared/protocol/entities';

/** LST-13: a card's height follows from what it has and never from its words, so that its box is there before it. In rem. */
const TALL = 5.75;
const SHORT = 3.625;
const LINE = 1.75;
const GAP = 0.375;

export type CardsShown = 'shown' | 'collapsed' | 'hidden';
export const isTall = (card: Pick<Card, 'description' | 'image'>): boolean => card.description !== '' || card.image !== undefined;

/** What the cards of a message take, in pixels. */
export function heightOfCards(message: Pick<Message, 'cards' | 'deleted'>, shown: CardsShown = 'shown'): number {
  if (message.deleted || shown === 'hidden' || message.cards === undefined) return 0;
  return message.cards.reduce((sum, card) => sum + GAP + (shown === 'collapsed' ? LINE : isTall(card) ? TALL : SHORT), 0) * 16;
}
