import { Tooltip as Radix } from 'radix-ui';
import type { ReactElement } from 'react';
import styles from './tooltip.module.css';

/** Around the whole app: tips come after 500 ms, and at once while moving from one to the next. */
export const TooltipProvider = Radix.Provider;

/** A label on hover and focus. Never the only name of its child. */
export function Tooltip({ text, keys, side = 'top', children }: { text: string; keys?: string | undefined; side?: 'top' | 'bottom' | 'left' | 'right'; children: ReactElement }) {
  return (
    <Radix.Root delayDuration={500} disableHoverableContent={false}>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content className={styles.tip} side={side} sideOffset={6} collisionPadding={8} aria-label={text}>
          {text}
          {keys !== undefined && <kbd className={styles.keys}>{keys}</kbd>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
