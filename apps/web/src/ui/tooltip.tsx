import { cloneElement, useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore, type FocusEvent, type PointerEvent, type ReactElement } from 'react';
import { createPortal } from 'react-dom';
import styles from './tooltip.module.css';

type Side = 'top' | 'bottom' | 'left' | 'right';
interface Tip {
  anchor: HTMLElement;
  text: string;
  keys: string | undefined;
  side: Side;
}

const DELAY_MS = 500;
/** Moving from one to the next within this shows the next at once; it is also the time to move onto the tip itself. */
const GRACE_MS = 250;
const GAP = 6;

let shown: Tip | null = null;
let lastHidden = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();
const show = (tip: Tip | null) => {
  if (shown !== null && tip === null) lastHidden = performance.now();
  shown = tip;
  for (const listener of listeners) listener();
};
const later = (ms: number, tip: Tip | null) => {
  clearTimeout(timer);
  timer = setTimeout(() => show(tip), ms);
};
const hide = () => {
  clearTimeout(timer);
  if (shown !== null) show(null);
};

interface Handlers {
  onPointerEnter?(event: PointerEvent<HTMLElement>): void;
  onPointerLeave?(event: PointerEvent<HTMLElement>): void;
  onPointerDown?(event: PointerEvent<HTMLElement>): void;
  onFocus?(event: FocusEvent<HTMLElement>): void;
  onBlur?(event: FocusEvent<HTMLElement>): void;
}

/** A label on hover and focus. Never the only name of its child: it is not said, only seen. */
export function Tooltip({ text, keys, side = 'top', children }: { text: string; keys?: string | undefined; side?: Side; children: ReactElement<Handlers> }) {
  const own = children.props;
  return cloneElement(children, {
    onPointerEnter(event) {
      own.onPointerEnter?.(event);
      if (event.pointerType === 'touch') return;
      later(shown !== null || performance.now() - lastHidden < GRACE_MS ? 0 : DELAY_MS, { anchor: event.currentTarget, text, keys, side });
    },
    onPointerLeave(event) {
      own.onPointerLeave?.(event);
      later(shown === null ? 0 : GRACE_MS, null);
    },
    onPointerDown(event) {
      own.onPointerDown?.(event);
      hide();
    },
    onFocus(event) {
      own.onFocus?.(event);
      if (event.currentTarget.matches(':focus-visible')) later(DELAY_MS, { anchor: event.currentTarget, text, keys, side });
    },
    onBlur(event) {
      own.onBlur?.(event);
      hide();
    },
  });
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** Mounted once: draws the tip that is due. Esc takes it away; the pointer may rest on it. */
export function TooltipLayer() {
  const tip = useSyncExternalStore(subscribe, () => shown);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape') hide();
    };
    document.addEventListener('keydown', onKey, true);
    document.addEventListener('scroll', hide, { capture: true, passive: true });
    return () => {
      document.removeEventListener('keydown', onKey, true);
      document.removeEventListener('scroll', hide, { capture: true });
    };
  }, []);
  return tip === null || !tip.anchor.isConnected ? null : createPortal(<TipCard key={tip.text} tip={tip} />, document.body);
}

function TipCard({ tip }: { tip: Tip }) {
  const card = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState<{ left: number; top: number } | null>(null);
  useLayoutEffect(() => {
    if (card.current === null) return;
    const a = tip.anchor.getBoundingClientRect();
    const c = card.current.getBoundingClientRect();
    const beside = tip.side === 'left' || tip.side === 'right';
    let left = beside ? (tip.side === 'right' ? a.right + GAP : a.left - c.width - GAP) : a.left + (a.width - c.width) / 2;
    let top = beside ? a.top + (a.height - c.height) / 2 : tip.side === 'top' ? a.top - c.height - GAP : a.bottom + GAP;
    if (!beside && top < 4) top = a.bottom + GAP;
    if (!beside && top + c.height > window.innerHeight - 4) top = a.top - c.height - GAP;
    left = Math.max(8, Math.min(left, window.innerWidth - c.width - 8));
    top = Math.max(4, Math.min(top, window.innerHeight - c.height - 4));
    setPlace({ left, top });
  }, [tip]);
  return (
    <div ref={card} aria-hidden="true" className={styles.tip} style={{ insetBlockStart: `${place?.top ?? 0}px`, left: `${place?.left ?? 0}px`, visibility: place === null ? 'hidden' : 'visible' }} onPointerEnter={() => clearTimeout(timer)} onPointerLeave={() => later(0, null)}>
      {tip.text}
      {tip.keys !== undefined && <kbd className={styles.keys}>{tip.keys}</kbd>}
    </div>
  );
}
