import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react';
import styles from './button.module.css';
import { cx } from './cx.ts';
import { Tooltip } from './tooltip.tsx';

export interface IconButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'aria-label'> {
  /** The name, which the tooltip shows too. */
  label: string;
  /** Keys shown in the tooltip, such as `Ctrl K`. */
  keys?: string;
  /** Stands on the frame instead of the sheet. */
  onRail?: boolean;
  children: ReactNode;
  ref?: Ref<HTMLButtonElement>;
}

/** A button that is only an icon; it always has a name. */
export function IconButton({ label, keys, onRail, className, children, ...rest }: IconButtonProps) {
  return (
    <Tooltip text={label} keys={keys}>
      <button type="button" {...rest} aria-label={label} className={cx(styles.icon, onRail && styles.onRail, className)}>
        {children}
      </button>
    </Tooltip>
  );
}
