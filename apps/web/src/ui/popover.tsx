import { cloneElement, useState, type ReactElement, type ReactNode } from 'react';
import { cx } from './cx.ts';
import { closedTrigger, useKit, type TriggerProps } from './lazy-kit.ts';
import styles from './dialog.module.css';

export interface PopoverProps {
  trigger: ReactElement<TriggerProps>;
  label: string;
  side?: 'top' | 'bottom' | 'left' | 'right';
  align?: 'start' | 'center' | 'end';
  className?: string;
  open?: boolean;
  onOpenChange?(open: boolean): void;
  /** Opening leaves the focus where it is. */
  keepFocus?: boolean;
  children: ReactNode;
}

/** A card beside what opens it; Esc and clicks outside close it. */
export function Popover({ trigger, label, side = 'bottom', align = 'start', className, open, onOpenChange, keepFocus, children }: PopoverProps) {
  const [asked, setAsked] = useState(false);
  const kit = useKit(asked || open === true, () => {
    setAsked(false);
    onOpenChange?.(false);
  });
  if (!kit) {
    return cloneElement(trigger, closedTrigger(trigger.props, 'dialog', () => {
      setAsked(true);
      onOpenChange?.(true);
    }));
  }
  const Radix = kit.Popover;
  return (
    <Radix.Root defaultOpen={asked} {...(open === undefined ? {} : { open })} {...(onOpenChange ? { onOpenChange } : {})}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content className={cx(styles.popover, className)} aria-label={label} side={side} align={align} sideOffset={6} collisionPadding={8} {...(keepFocus ? { onOpenAutoFocus: (event: Event) => event.preventDefault() } : {})}>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
