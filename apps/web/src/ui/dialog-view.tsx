import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import type { FormEventHandler } from 'react';
import { cx } from './cx.ts';
import type { DialogProps } from './dialog.tsx';
import styles from './dialog.module.css';
import { IconButton } from './icon-button.tsx';

/** A modal dialog. It is mounted while open; closing gives the focus back to what opened it. */
export function DialogView({ title, text, closeLabel, onClose, actions, wide, initialFocus, onSubmit, guard, children }: DialogProps) {
  const submit: FormEventHandler = (event) => {
    event.preventDefault();
    onSubmit?.();
  };
  const content = (
    <>
      <div className={styles.body}>
        {text !== undefined && <Radix.Description className={styles.text}>{text}</Radix.Description>}
        {children}
      </div>
      {actions !== undefined && <div className={styles.foot}>{actions}</div>}
    </>
  );
  return (
    <Radix.Root open onOpenChange={(open) => { if (!open && (guard === undefined || guard())) onClose(); }}>
      <Radix.Portal>
        <Radix.Overlay className={styles.scrim} />
        <Radix.Content
          className={cx(styles.dialog, wide && styles.wide)}
          {...(text === undefined ? { 'aria-describedby': undefined } : {})}
          onOpenAutoFocus={(event) => {
            if (initialFocus?.current) {
              event.preventDefault();
              initialFocus.current.focus();
            }
          }}
        >
          <div className={styles.head}>
            <Radix.Title className={styles.title}>{title}</Radix.Title>
            <Radix.Close asChild><IconButton label={closeLabel}><X size={18} strokeWidth={1.75} aria-hidden="true" /></IconButton></Radix.Close>
          </div>
          {onSubmit ? <form onSubmit={submit} noValidate style={{ display: 'contents' }}>{content}</form> : content}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
