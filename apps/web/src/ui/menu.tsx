import { Check, ChevronRight } from 'lucide-react';
import { cloneElement, useRef, useState, type MouseEvent, type ReactElement, type ReactNode, type TouchEvent } from 'react';
import { cx } from './cx.ts';
import { closedTrigger, openKit, useKit, type TriggerProps } from './lazy-kit.ts';
import styles from './menu.module.css';

/** Menus stand in a landmark of their own, so that everything on the page is in one. */
export const MENU_PLACE_ID = 'menus';
const menuPlace = (): HTMLElement | null => document.getElementById(MENU_PLACE_ID);

export interface MenuProps {
  trigger: ReactElement<TriggerProps>;
  /** The menu's name; without it the trigger's. */
  label?: string;
  align?: 'start' | 'center' | 'end';
  side?: 'top' | 'bottom' | 'left' | 'right';
  children: ReactNode;
  open?: boolean;
  onOpenChange?(open: boolean): void;
}

export function Menu({ trigger, label, align = 'start', side = 'bottom', children, open, onOpenChange }: MenuProps) {
  const [asked, setAsked] = useState(false);
  const kit = useKit(asked || open === true, () => {
    setAsked(false);
    onOpenChange?.(false);
  });
  if (!kit) {
    return cloneElement(trigger, closedTrigger(trigger.props, 'menu', () => {
      setAsked(true);
      onOpenChange?.(true);
    }));
  }
  const Radix = kit.DropdownMenu;
  return (
    <Radix.Root modal={false} defaultOpen={asked} {...(open === undefined ? {} : { open })} {...(onOpenChange ? { onOpenChange } : {})}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal container={menuPlace()}>
        <Radix.Content className={styles.menu} align={align} side={side} sideOffset={4} collisionPadding={8} {...(label === undefined ? {} : { 'aria-label': label })}>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface Openable {
  onContextMenu?(event: MouseEvent<HTMLElement>): void;
  onTouchStart?(event: TouchEvent<HTMLElement>): void;
  onTouchEnd?(event: TouchEvent<HTMLElement>): void;
  onTouchMove?(event: TouchEvent<HTMLElement>): void;
}

const LONG_PRESS_MS = 600;
/** iOS alone has no `contextmenu` event on a long press. */
const NO_EVENT = typeof navigator !== 'undefined' && /iPhone|iPad/.test(navigator.userAgent);

/**
 * The same menu, opened on the child by right click, Shift+F10, the menu key and long press. A child that stops the event
 * keeps the browser's own menu there. Closing gives the focus back to what had it.
 */
export function ContextMenu({ trigger, label, children, onOpenChange }: { trigger: ReactElement<Openable>; label?: string; children: ReactNode; onOpenChange?(open: boolean): void }) {
  const [at, setAt] = useState<{ x: number; y: number; before: HTMLElement | null } | null>(null);
  const press = useRef<ReturnType<typeof setTimeout>>(undefined);
  const own = trigger.props;
  const kit = useKit(at !== null, () => change(false));
  const Radix = kit?.DropdownMenu;
  const change = (open: boolean) => {
    if (!open) setAt(null);
    onOpenChange?.(open);
  };
  const letGo = (handler: ((event: TouchEvent<HTMLElement>) => void) | undefined) => (event: TouchEvent<HTMLElement>) => {
    handler?.(event);
    clearTimeout(press.current);
  };
  const child = cloneElement(trigger, {
    onContextMenu(event) {
      own.onContextMenu?.(event);
      if (event.isDefaultPrevented() || event.isPropagationStopped()) return;
      event.preventDefault();
      const box = (event.target as HTMLElement).getBoundingClientRect();
      const byKey = event.clientX === 0 && event.clientY === 0;
      setAt({ x: byKey ? box.left + 24 : event.clientX, y: byKey ? box.top + 24 : event.clientY, before: document.activeElement instanceof HTMLElement ? document.activeElement : null });
      onOpenChange?.(true);
    },
    ...(NO_EVENT && {
      onTouchStart(event: TouchEvent<HTMLElement>) {
        own.onTouchStart?.(event);
        const touch = event.touches[0];
        const { target } = event;
        if (touch === undefined) return;
        const point = { bubbles: true, cancelable: true, clientX: touch.clientX, clientY: touch.clientY };
        press.current = setTimeout(() => target.dispatchEvent(new window.MouseEvent('contextmenu', point)), LONG_PRESS_MS);
      },
      onTouchEnd: letGo(own.onTouchEnd),
      onTouchMove: letGo(own.onTouchMove),
    }),
  });
  return (
    <>
      {child}
      {at !== null && Radix && (
        <Radix.Root modal={false} open onOpenChange={change}>
          <Radix.Trigger asChild><span aria-hidden="true" className={styles.point} style={{ left: `${at.x}px`, top: `${at.y}px` }} /></Radix.Trigger>
          <Radix.Portal container={menuPlace()}>
            <Radix.Content
              className={styles.menu} align="start" collisionPadding={8} {...(label === undefined ? {} : { 'aria-label': label })}
              onCloseAutoFocus={(event) => {
                event.preventDefault();
                at.before?.focus({ preventScroll: true });
              }}
            >
              {children}
            </Radix.Content>
          </Radix.Portal>
        </Radix.Root>
      )}
    </>
  );
}

export interface MenuItemProps {
  icon?: ReactNode;
  keys?: string | undefined;
  danger?: boolean;
  disabled?: boolean;
  /** Why it cannot be chosen now. */
  why?: string | undefined;
  onSelect(): void;
  children: ReactNode;
}

export function MenuItem({ icon, keys, danger, disabled, why, onSelect, children }: MenuItemProps) {
  const Radix = openKit().DropdownMenu;
  return (
    <Radix.Item className={cx(styles.item, danger && styles.danger)} disabled={disabled === true} onSelect={onSelect}>
      {icon}
      <span className={styles.text}>{children}{disabled && why !== undefined && <span className={styles.why}>{why}</span>}</span>
      {keys !== undefined && <kbd className={styles.keys}>{keys}</kbd>}
    </Radix.Item>
  );
}

/** One of a group, such as a presence or a sort order. */
export function MenuChoice<T extends string>({ value, options, onChange }: { value: T; options: readonly { value: T; label: string; icon?: ReactNode }[]; onChange(value: T): void }) {
  const Radix = openKit().DropdownMenu;
  return (
    <Radix.RadioGroup value={value} onValueChange={(next) => onChange(next as T)}>
      {options.map((option) => (
        <Radix.RadioItem key={option.value} value={option.value} className={styles.item}>
          {option.icon}
          <span className={styles.text}>{option.label}</span>
          <span className={styles.check}><Radix.ItemIndicator><Check size={18} strokeWidth={1.75} aria-hidden="true" /></Radix.ItemIndicator></span>
        </Radix.RadioItem>
      ))}
    </Radix.RadioGroup>
  );
}

export function MenuCheck({ checked, onChange, children }: { checked: boolean; onChange(checked: boolean): void; children: ReactNode }) {
  const Radix = openKit().DropdownMenu;
  return (
    <Radix.CheckboxItem className={styles.item} checked={checked} onCheckedChange={(next) => onChange(next === true)}>
      <span className={styles.text}>{children}</span>
      <span className={styles.check}><Radix.ItemIndicator><Check size={18} strokeWidth={1.75} aria-hidden="true" /></Radix.ItemIndicator></span>
    </Radix.CheckboxItem>
  );
}

/** Further items beside the one that opens them. */
export function SubMenu({ icon, label, children }: { icon?: ReactNode; label: string; children: ReactNode }) {
  const Radix = openKit().DropdownMenu;
  return (
    <Radix.Sub>
      <Radix.SubTrigger className={styles.item}>{icon}<span className={styles.text}>{label}</span><span className={styles.check}><ChevronRight size={16} aria-hidden="true" /></span></Radix.SubTrigger>
      <Radix.Portal container={menuPlace()}><Radix.SubContent className={styles.menu} sideOffset={2} collisionPadding={8}>{children}</Radix.SubContent></Radix.Portal>
    </Radix.Sub>
  );
}

export function MenuLine() {
  const Radix = openKit().DropdownMenu;
  return <Radix.Separator className={styles.line} />;
}

export function MenuTitle({ children }: { children: ReactNode }) {
  const Radix = openKit().DropdownMenu;
  return <Radix.Label className={styles.title}>{children}</Radix.Label>;
}
