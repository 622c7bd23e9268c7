import { useEffect, useSyncExternalStore, type KeyboardEvent, type MouseEvent } from 'react';

type Kit = typeof import('./menu-kit.ts');

/** What menus and popovers are made of: a tenth of the start-up script, and nothing of it is on the first screen. */
let kit: Kit | null = null;
const listeners = new Set<() => void>();
const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

const companions: (() => Promise<unknown>)[] = [];

/** What is only shown in menus can be fetched with them: it is there before the first of them opens. */
export function comesWithKit(load: () => Promise<unknown>): void {
  companions.push(load);
}

/** Fetched once the page is idle, so that the first opening does not wait. */
export async function loadKit(): Promise<void> {
  if (kit) return;
  const [loaded] = await Promise.all([import('./menu-kit.ts'), ...companions.map((load) => load())]);
  kit = loaded;
  for (const listener of [...listeners]) listener();
}

/** Null until something was opened and the kit is there; `failed` is told when it cannot be fetched. */
export function useKit(wanted: boolean, failed: () => void): Kit | null {
  const loaded = useSyncExternalStore(subscribe, () => (wanted ? kit : null));
  useEffect(() => {
    if (!wanted || loaded) return;
    loadKit().catch((error: unknown) => {
      console.warn('Menus could not be fetched.', error);
      failed();
    });
    // Who is told of a failure does not ask again.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [wanted, loaded]);
  return loaded;
}

/** The kit inside of what is open. */
export function openKit(): Kit {
  if (!kit) throw new Error('parts of a menu outside of one');
  return kit;
}

export interface TriggerProps {
  onClick?(event: MouseEvent<HTMLElement>): void;
  onKeyDown?(event: KeyboardEvent<HTMLElement>): void;
  'aria-haspopup'?: 'menu' | 'dialog';
  'aria-expanded'?: boolean;
}

/** What a trigger is until it was used for the first time: the same to hands and assistive technology. */
export function closedTrigger(own: TriggerProps, popup: 'menu' | 'dialog', ask: () => void): TriggerProps {
  return {
    'aria-haspopup': popup,
    'aria-expanded': false,
    onClick(event) {
      own.onClick?.(event);
      if (!event.defaultPrevented) ask();
    },
    onKeyDown(event) {
      own.onKeyDown?.(event);
      if (event.defaultPrevented || popup !== 'menu' || event.key !== 'ArrowDown') return;
      event.preventDefault();
      ask();
    },
  };
}
