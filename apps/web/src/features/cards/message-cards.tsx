import type { Message } from '@parley/shared/protocol/entities';
import { lazy, Suspense } from 'react';
import { withWords } from '../../i18n/catalogue.ts';
import { useWorkspaces } from '../../state/engine.tsx';
import { cx } from '../../ui/cx.ts';
import { ErrorBoundary } from '../../ui/error-boundary.tsx';
import { useChat } from '../message-text/chat-context.tsx';
import { isTall } from './boxes.ts';
import styles from './cards.module.css';
import { untilLoaded } from '../../platform/until-loaded.ts';

const CardList = lazy(() => untilLoaded(() => withWords(import('./card-list.tsx'))).then((module) => ({ default: module.CardList })));

/** Whether a text may link to a message here; false is certain. */
const mayLinkHere = (content: string, origin: string): boolean => content.includes(`${origin.replace(/^https?:/, '')}/w/`);

/** LST-25: cards of a message's links. Their place is there before what draws them. `onRemove` is for the author alone. */
export function MessageCards({ id, message, onRemove }: { id: string; message: Message; onRemove: ((url: string) => void) | null }) {
  const { origin, workspaceId, preferences: { linkCards } } = useChat();
  const workspaces = useWorkspaces();
  const off = workspaces.find((workspace) => workspace.id === workspaceId)?.settings['link_cards'] === false;
  const cards = off ? [] : (message.cards ?? []);
  const linksHere = mayLinkHere(message.content, origin);
  if (message.deleted || linkCards === 'hidden' || (cards.length === 0 && !linksHere)) return null;
  const places = cards.length === 0 ? null : (
    <ul className={styles.cards} aria-hidden="true">
      {cards.map((card) => <li key={card.url} className={styles.item}><div className={linkCards === 'collapsed' ? styles.waitingLine : cx(styles.waiting, isTall(card) && styles.tall)} /></li>)}
    </ul>
  );
  return (
    <ErrorBoundary resetKey={String(message.rev)} fallback={() => null}>
      <Suspense fallback={places}><CardList id={id} message={message} cards={cards} linksHere={linksHere} folded={linkCards === 'collapsed'} onRemove={onRemove} /></Suspense>
    </ErrorBoundary>
  );
}
