import { X } from 'lucide-react';
import type { Card } from '@parley/shared/protocol/entities';
import { useText } from '../../i18n/text.tsx';
import { cx } from '../../ui/cx.ts';
import { IconButton } from '../../ui/icon-button.tsx';
import { isTall } from './boxes.ts';
import { CardPicture } from './card-picture.tsx';
import styles from './cards.module.css';
import { FoldableCard } from './foldable-card.tsx';

/** What a link leads to, as its page tells it. The page is asked for nothing: text and picture come from this server. */
export function LinkCard({ id, card, folded, onRemove }: { id: string; card: Card; folded: boolean; onRemove: (() => void) | null }) {
  const t = useText();
  return (
    <FoldableCard folded={folded} site={card.site} title={card.title}>
      <div className={cx(styles.card, isTall(card) && styles.tall)}>
        <a className={styles.link} href={card.url} title={card.url} target="_blank" rel="noopener noreferrer" tabIndex={-1}>
          <span className={styles.site} dir="auto">{card.site}</span>
          <span id={id} className={styles.title} dir="auto">{card.title}</span>
          {card.description !== '' && <span className={styles.description} dir="auto">{card.description}</span>}
        </a>
        {card.image && <CardPicture image={card.image} />}
      </div>
      {onRemove && <span className={styles.acts}><IconButton label={t('cards.remove')} tabIndex={-1} onClick={onRemove}><X size={16} aria-hidden="true" /></IconButton></span>}
    </FoldableCard>
  );
}
