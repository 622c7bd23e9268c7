import { Tabs as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import styles from './tabs.module.css';

export interface TabsProps<T extends string> {
  label: string;
  value: T;
  onChange(value: NoInfer<T>): void;
  tabs: readonly { value: T; label: ReactNode; panel: ReactNode }[];
  className?: string;
}

export function Tabs<T extends string>({ label, value, onChange, tabs, className }: TabsProps<T>) {
  return (
    <Radix.Root value={value} onValueChange={(next) => onChange(next as T)} className={className}>
      <Radix.List className={styles.list} aria-label={label}>
        {tabs.map((tab) => <Radix.Trigger key={tab.value} value={tab.value} className={styles.tab}>{tab.label}</Radix.Trigger>)}
      </Radix.List>
      {tabs.map((tab) => <Radix.Content key={tab.value} value={tab.value} className={styles.panel}>{tab.panel}</Radix.Content>)}
    </Radix.Root>
  );
}
