import { Check } from 'lucide-react';
import { ContextMenu as Context, DropdownMenu as Radix } from 'radix-ui';
import { createContext, useContext, type ReactElement, type ReactNode } from 'react';
import { cx } from './cx.ts';
import styles from './menu.module.css';

/** The same items serve in a menu that a button opens and in a context menu. */
const Kind = createContext<'menu' | 'context'>('menu');
const usePrimitive = () => (useContext(Kind) === 'context' ? Context : Radix);

export interface MenuProps {
  trigger: ReactElement;
  /** The menu's name; without it the trigger's. */
  label?: string;
  align?: 'start' | 'center' | 'end';
  side?: 'top' | 'bottom' | 'left' | 'right';
  children: ReactNode;
  open?: boolean;
  onOpenChange?(open: boolean): void;
}

export function Menu({ trigger, label, align = 'start', side = 'bottom', children, open, onOpenChange }: MenuProps) {
  return (
    <Radix.Root modal={false} {...(open === undefined ? {} : { open })} {...(onOpenChange ? { onOpenChange } : {})}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content className={styles.menu} align={align} side={side} sideOffset={4} collisionPadding={8} {...(label === undefined ? {} : { 'aria-label': label })}>
          <Kind.Provider value="menu">{children}</Kind.Provider>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** Opens on right click, Shift+F10 and long press on the child. */
export function ContextMenu({ trigger, label, children, onOpenChange }: { trigger: ReactElement; label?: string; children: ReactNode; onOpenChange?(open: boolean): void }) {
  return (
    <Context.Root modal={false} {...(onOpenChange ? { onOpenChange } : {})}>
      <Context.Trigger asChild>{trigger}</Context.Trigger>
      <Context.Portal>
        <Context.Content className={styles.menu} collisionPadding={8} {...(label === undefined ? {} : { 'aria-label': label })}>
          <Kind.Provider value="context">{children}</Kind.Provider>
        </Context.Content>
      </Context.Portal>
    </Context.Root>
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
  const Primitive = usePrimitive();
  return (
    <Primitive.Item className={cx(styles.item, danger && styles.danger)} disabled={disabled === true} onSelect={onSelect}>
      {icon}
      <span className={styles.text}>{children}{disabled && why !== undefined && <span className={styles.why}>{why}</span>}</span>
      {keys !== undefined && <kbd className={styles.keys}>{keys}</kbd>}
    </Primitive.Item>
  );
}

/** One of a group, such as a presence or a sort order. */
export function MenuChoice<T extends string>({ value, options, onChange }: { value: T; options: readonly { value: T; label: string; icon?: ReactNode }[]; onChange(value: T): void }) {
  const Primitive = usePrimitive();
  return (
    <Primitive.RadioGroup value={value} onValueChange={(next) => onChange(next as T)}>
      {options.map((option) => (
        <Primitive.RadioItem key={option.value} value={option.value} className={styles.item}>
          {option.icon}
          <span className={styles.text}>{option.label}</span>
          <span className={styles.check}><Primitive.ItemIndicator><Check size={18} strokeWidth={1.75} aria-hidden="true" /></Primitive.ItemIndicator></span>
        </Primitive.RadioItem>
      ))}
    </Primitive.RadioGroup>
  );
}

export function MenuCheck({ checked, onChange, children }: { checked: boolean; onChange(checked: boolean): void; children: ReactNode }) {
  const Primitive = usePrimitive();
  return (
    <Primitive.CheckboxItem className={styles.item} checked={checked} onCheckedChange={(next) => onChange(next === true)}>
      <span className={styles.text}>{children}</span>
      <span className={styles.check}><Primitive.ItemIndicator><Check size={18} strokeWidth={1.75} aria-hidden="true" /></Primitive.ItemIndicator></span>
    </Primitive.CheckboxItem>
  );
}

export function MenuLine() {
  const Primitive = usePrimitive();
  return <Primitive.Separator className={styles.line} />;
}

export function MenuTitle({ children }: { children: ReactNode }) {
  const Primitive = usePrimitive();
  return <Primitive.Label className={styles.title}>{children}</Primitive.Label>;
}
