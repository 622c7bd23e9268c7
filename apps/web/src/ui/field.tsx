import { CircleAlert } from 'lucide-react';
import { useId, type InputHTMLAttributes, type ReactNode, type Ref, type TextareaHTMLAttributes } from 'react';
import { cx } from './cx.ts';
import styles from './field.module.css';

interface Frame {
  label: string;
  hint?: ReactNode;
  /** What is wrong; stands under the field and is its description. */
  error?: string | null | undefined;
  /** The label is said but not seen. */
  hideLabel?: boolean;
}

export interface FieldProps extends Frame, InputHTMLAttributes<HTMLInputElement> {
  /** Something inside the box at its end, such as a button that shows a password. */
  end?: ReactNode;
  ref?: Ref<HTMLInputElement>;
}

/** A labelled one-line input. */
export function Field({ label, hint, error, hideLabel, end, className, ...rest }: FieldProps) {
  const id = useId();
  return (
    <FieldFrame {...{ id, label, hint, error, hideLabel, className }}>
      <div className={styles.box}>
        <input dir="auto" {...rest} id={id} aria-invalid={error ? true : undefined} aria-describedby={describe(id, hint, error)} className={cx(styles.input, end !== undefined && styles.withEnd)} />
        {end !== undefined && <div className={styles.end}>{end}</div>}
      </div>
    </FieldFrame>
  );
}

export interface TextFieldProps extends Frame, TextareaHTMLAttributes<HTMLTextAreaElement> {
  ref?: Ref<HTMLTextAreaElement>;
}

/** A labelled input of several lines. */
export function TextField({ label, hint, error, hideLabel, className, ...rest }: TextFieldProps) {
  const id = useId();
  return (
    <FieldFrame {...{ id, label, hint, error, hideLabel, className }}>
      <textarea dir="auto" rows={3} {...rest} id={id} aria-invalid={error ? true : undefined} aria-describedby={describe(id, hint, error)} className={styles.input} />
    </FieldFrame>
  );
}

const describe = (id: string, hint: ReactNode, error: string | null | undefined): string | undefined => (error ? `${id}-error` : hint ? `${id}-hint` : undefined);

/** Label, hint and error around any control with this id. */
export function FieldFrame({ id, label, hint, error, hideLabel, className, children }: Frame & { id: string; className?: string | undefined; children: ReactNode }) {
  return (
    <div className={cx(styles.field, className)}>
      <label htmlFor={id} className={hideLabel ? 'visually-hidden' : styles.label}>{label}</label>
      {children}
      {error ? (
        <p className={styles.error} id={`${id}-error`}><CircleAlert size={16} strokeWidth={2} aria-hidden="true" />{error}</p>
      ) : (
        hint !== undefined && hint !== null && <div className={styles.hint} id={`${id}-hint`}>{hint}</div>
      )}
    </div>
  );
}
