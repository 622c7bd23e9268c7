import { linksOf, MAX_CARDS } from '@parley/shared/domain/link-cards';
import { readPermalink, type Permalink } from '@parley/shared/domain/permalink';
import type { Card, Message } from '@parley/shared/protocol/entities';
import { useMemo } from 'react';
import { useText } from '../../i18n/text.tsx';
import { useChat } from '../message-text/chat-context.tsx';
import { useMarkup } from '../message-text/use-markup.ts';
import styles from './cards.module.css';
import { LinkCard } from './link-card.tsx';
import { PermalinkCard } from './permalink-card.tsx';

interface CardListProps {
  /** The titles of the cards have this and their number as ids, for the row's name (A11-3). */
  id: string;
  message: Message;
  cards: readonly Card[];
  linksHere: boolean;
  folded: boolean;
  onRemove: ((url: string) => void) | null;
}

/** The cards in the order of their links. */
export function CardList({ cards, linksHere, ...rest }: CardListProps) {
  return linksHere ? <Mixed cards={cards} {...rest} /> : <Cards items={cards.map((card) => ({ url: card.url, card }))} {...rest} />;
}

type Item = { url: string; card: Card } | { url: string; here: Permalink };

/** With links to messages of this server among them: those are looked up for this reader alone. */
function Mixed({ cards, ...rest }: Omit<CardListProps, 'linksHere'>) {
  const { origin } = useChat();
  const { message } = rest;
  const markup = useMarkup(message.id, message.rev, message.content);
  const items = useMemo(() => {
    const found: Item[] = [];
    for (const url of linksOf(markup)) {
      const card = cards.find((one) => one.url === url);
      const here = card ? null : readPermalink(url, origin);
      if (card) found.push({ url, card });
      else if (here?.messageId !== undefined && here.messageId !== message.id) found.push({ url, here });
    }
    return found;
  }, [markup, cards, origin, message.id]);
  return <Cards items={items} {...rest} />;
}

function Cards({ id, items, folded, onRemove }: { id: string; items: readonly Item[]; folded: boolean; onRemove: ((url: string) => void) | null }) {
  const t = useText();
  if (items.length === 0) return null;
  return (
    <ul className={styles.cards} aria-label={t('cards.label')}>
      {items.slice(0, MAX_CARDS).map((item, i) => ('here' in item
        ? <PermalinkCard key={item.url} id={`${id}${i}`} url={item.url} link={item.here} folded={folded} />
        : <LinkCard key={item.url} id={`${id}${i}`} card={item.card} folded={folded} onRemove={onRemove === null ? null : () => onRemove(item.url)} />))}
    </ul>
  );
}
