import { X } from 'lucide-react';
import { useEffect, useRef, useSyncExternalStore } from 'react';
import styles from './toast.module.css';

export interface Toast {
  id: number;
  text: string;
  /** Undo, or a way to what it is about. */
  action?: { label: string; run(): void } | undefined;
  shownMs: number;
}

const SHOWN_MS = 6_000;
const MOST = 3;
let toasts: readonly Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();
const change = (next: readonly Toast[]) => {
  toasts = next;
  for (const listener of listeners) listener();
};

/** Shows a sentence at the bottom left for 6 s; at most three stand at once, the oldest goes. Answers what takes it away. */
export function showToast(text: string, action?: Toast['action'], shownMs = SHOWN_MS): () => void {
  const toast = { id: ++last, text, action, shownMs };
  change([...toasts, toast].slice(-MOST));
  return () => closeToast(toast.id);
}

export const closeToast = (id: number): void => {
  if (toasts.some((toast) => toast.id === id)) change(toasts.filter((toast) => toast.id !== id));
};

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** Mounted once. Toasts stay while one of them has the pointer or the focus. */
export function ToastRegion({ label, closeLabel }: { label: string; closeLabel: string }) {
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <section className={styles.region} aria-label={label}>
      {shown.map((toast) => <ToastCard key={toast.id} toast={toast} closeLabel={closeLabel} />)}
    </section>
  );
}

function ToastCard({ toast, closeLabel }: { toast: Toast; closeLabel: string }) {
  const held = useRef(false);
  useEffect(() => {
    let timer = 0;
    const wait = () => {
      timer = window.setTimeout(() => (held.current ? wait() : closeToast(toast.id)), toast.shownMs);
    };
    wait();
    return () => window.clearTimeout(timer);
  }, [toast.id, toast.shownMs]);
  const hold = (on: boolean) => () => {
    held.current = on;
  };
  return (
    <div className={styles.toast} role="status" onPointerEnter={hold(true)} onPointerLeave={hold(false)} onFocus={hold(true)} onBlur={hold(false)}>
      <span className={styles.text}>{toast.text}</span>
      {toast.action && <button type="button" className={styles.act} onClick={() => { closeToast(toast.id); toast.action?.run(); }}>{toast.action.label}</button>}
      <button type="button" className={styles.close} aria-label={closeLabel} onClick={() => closeToast(toast.id)}><X size={16} aria-hidden="true" /></button>
    </div>
  );
}
