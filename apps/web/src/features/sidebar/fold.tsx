import { useEffect, useState, type RefObject } from 'react';
import { useText } from '../../i18n/text.tsx';
import { cx } from '../../ui/cx.ts';
import styles from './sidebar.module.css';

/** Pills for rows with mentions above or below what is seen; a click scrolls to the next of them. */
export function Fold({ scroller, watch }: { scroller: RefObject<HTMLDivElement | null>; watch: unknown }) {
  const t = useText();
  const [hidden, setHidden] = useState({ above: 0, below: 0 });
  useEffect(() => {
    const box = scroller.current;
    if (!box) return;
    const count = () => {
      const frame = box.getBoundingClientRect();
      const next = { above: 0, below: 0 };
      for (const row of box.querySelectorAll<HTMLElement>('[data-mentions]')) {
        const place = row.getBoundingClientRect();
        if (place.bottom < frame.top + 4) next.above += Number(row.dataset['mentions']);
        if (place.top > frame.bottom - 4) next.below += Number(row.dataset['mentions']);
      }
      setHidden((before) => (before.above === next.above && before.below === next.below ? before : next));
    };
    count();
    box.addEventListener('scroll', count, { passive: true });
    const observer = new ResizeObserver(count);
    observer.observe(box);
    return () => {
      box.removeEventListener('scroll', count);
      observer.disconnect();
    };
  }, [scroller, watch]);
  const reveal = (side: 'above' | 'below') => {
    const box = scroller.current;
    if (!box) return;
    const frame = box.getBoundingClientRect();
    const rows = Array.from(box.querySelectorAll<HTMLElement>('[data-mentions]'));
    const row = side === 'above' ? rows.filter((one) => one.getBoundingClientRect().bottom < frame.top + 4).pop() : rows.find((one) => one.getBoundingClientRect().top > frame.bottom - 4);
    row?.scrollIntoView({ block: 'center' });
    row?.focus({ preventScroll: true });
  };
  return (
    <>
      {hidden.above > 0 && <button type="button" className={cx(styles.pill, styles.above)} onClick={() => reveal('above')}>{t('sidebar.mentions_above', { n: hidden.above })}</button>}
      {hidden.below > 0 && <button type="button" className={cx(styles.pill, styles.below)} onClick={() => reveal('below')}>{t('sidebar.mentions_below', { n: hidden.below })}</button>}
    </>
  );
}
