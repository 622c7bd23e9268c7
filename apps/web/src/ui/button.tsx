import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react';
import styles from './button.module.css';
import { cx } from './cx.ts';

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  variant?: 'primary' | 'quiet' | 'plain' | 'danger';
  size?: 'normal' | 'small';
  wide?: boolean;
  icon?: ReactNode;
  /** Work is under way: shows a turning mark, and presses do nothing, but the focus stays. */
  busy?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

/** A push button. A disabled one that must explain itself takes `aria-disabled` and a description instead of `disabled`. */
export function Button({ variant = 'quiet', size = 'normal', wide, icon, busy, className, children, onClick, ...rest }: ButtonProps) {
  const inert = busy || rest['aria-disabled'] === true || rest['aria-disabled'] === 'true';
  return (
    <button
      type="button"
      {...rest}
      aria-busy={busy || undefined}
      aria-disabled={inert || undefined}
      className={cx(styles.button, styles[variant], size === 'small' && styles.small, wide && styles.wide, className)}
      onClick={(event) => {
        if (inert) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {busy ? <span className={styles.spin} aria-hidden="true" /> : icon}
      {children}
    </button>
  );
}
