import { ChevronDown } from 'lucide-react';
import { useId, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes } from 'react';
import { cx } from './cx.ts';
import styles from './field.module.css';
import { FieldFrame } from './field.tsx';

export interface SelectProps<T extends string> extends Omit<SelectHTMLAttributes<HTMLSelectElement>, 'onChange' | 'value'> {
  label: string;
  hint?: ReactNode;
  hideLabel?: boolean;
  value: T;
  options: readonly { value: T; label: string }[];
  onChange(value: NoInfer<T>): void;
}

/** One of a few: the system's own list, which every keyboard and reader knows. */
export function Select<T extends string>({ label, hint, hideLabel, value, options, onChange, className, ...rest }: SelectProps<T>) {
  const id = useId();
  return (
    <FieldFrame {...{ id, label, hint, hideLabel, className }}>
      <div className={styles.box}>
        <select {...rest} id={id} value={value} className={cx(styles.input, styles.select)} onChange={(event) => onChange(event.target.value as T)}>
          {options.map((option) => <option key={option.value} value={option.value}>{option.label}</option>)}
        </select>
        <ChevronDown className={styles.chevron} size={16} aria-hidden="true" />
      </div>
    </FieldFrame>
  );
}

interface CheckProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange' | 'type'> {
  label: ReactNode;
  hint?: ReactNode;
  onChange?(checked: boolean): void;
}

export function Checkbox({ label, hint, onChange, className, ...rest }: CheckProps) {
  return (
    <label className={cx(styles.check, className)}>
      <input {...rest} type="checkbox" className={styles.checkbox} onChange={(event) => onChange?.(event.target.checked)} />
      <span className={styles.checkText}>{label}{hint !== undefined && <span className={styles.hint}>{hint}</span>}</span>
    </label>
  );
}

export function Radio({ label, hint, onChange, className, ...rest }: CheckProps) {
  return (
    <label className={cx(styles.check, className)}>
      <input {...rest} type="radio" className={cx(styles.checkbox, styles.radio)} onChange={(event) => onChange?.(event.target.checked)} />
      <span className={styles.checkText}>{label}{hint !== undefined && <span className={styles.hint}>{hint}</span>}</span>
    </label>
  );
}

/** On or off, at once. */
export function Switch({ label, hint, checked, onChange, disabled }: { label: string; hint?: ReactNode; checked: boolean; onChange(checked: boolean): void; disabled?: boolean }) {
  const id = useId();
  return (
    <div className={cx(styles.check, styles.switchRow)}>
      <span className={styles.checkText}><span id={id}>{label}</span>{hint !== undefined && <span className={styles.hint} id={`${id}-hint`}>{hint}</span>}</span>
      <button type="button" role="switch" aria-checked={checked} aria-labelledby={id} aria-describedby={hint !== undefined ? `${id}-hint` : undefined} disabled={disabled} className={styles.switch} onClick={() => onChange(!checked)} />
    </div>
  );
}
