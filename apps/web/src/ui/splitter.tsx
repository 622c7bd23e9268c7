import { useRef } from 'react';
import { cx } from './cx.ts';
import styles from './splitter.module.css';

export interface SplitterProps {
  label: string;
  /** Widths in px of the pane that it sizes. */
  value: number;
  min: number;
  max: number;
  standard: number;
  /** Which side of the splitter the pane is on. */
  pane: 'before' | 'after';
  /** While dragging, cheaply; then once with `done`. */
  onChange(width: number, done: boolean): void;
  onCollapse?(): void;
}

const STEP = 16;

/** LAY-2: a window splitter (WAI-ARIA). Drag, arrows, Home and End; double click for the default, Enter collapses. */
export function Splitter({ label, value, min, max, standard, pane, onChange, onCollapse }: SplitterProps) {
  const drag = useRef<{ x: number; width: number; sign: number; last: number } | null>(null);
  const clamp = (width: number) => Math.round(Math.min(max, Math.max(min, width)));
  const direction = () => (document.documentElement.dir === 'rtl' ? -1 : 1) * (pane === 'before' ? 1 : -1);
  return (
    <div
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={value}
      aria-valuemin={min}
      aria-valuemax={max}
      className={cx(styles.splitter, pane === 'before' ? styles.atEnd : styles.atStart)}
      onDoubleClick={() => onChange(clamp(standard), true)}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        event.currentTarget.dataset['dragging'] = '';
        drag.current = { x: event.clientX, width: value, sign: direction(), last: value };
      }}
      onPointerMove={(event) => {
        const from = drag.current;
        if (from === null) return;
        from.last = clamp(from.width + (event.clientX - from.x) * from.sign);
        onChange(from.last, false);
      }}
      onPointerUp={(event) => {
        delete event.currentTarget.dataset['dragging'];
        const from = drag.current;
        drag.current = null;
        if (from !== null && from.last !== from.width) onChange(from.last, true);
      }}
      onKeyDown={(event) => {
        const arrow = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
        if (arrow !== 0) onChange(clamp(value + arrow * STEP * direction()), true);
        else if (event.key === 'Home') onChange(min, true);
        else if (event.key === 'End') onChange(max, true);
        else if (event.key === 'Enter' && onCollapse) onCollapse();
        else return;
        event.preventDefault();
      }}
    />
  );
}
