import { Eye, EyeOff } from 'lucide-react';
import { useState, type KeyboardEvent } from 'react';
import { useText } from '../../i18n/text.tsx';
import { Field, type FieldProps } from '../../ui/field.tsx';
import { IconButton } from '../../ui/icon-button.tsx';
import styles from './entry.module.css';

/** A password with a button that shows it, a word on caps lock, and for new ones a meter of its length. */
export function PasswordField({ meter, hint, value, ...rest }: Omit<FieldProps, 'value' | 'type'> & { meter?: boolean; value: string }) {
  const t = useText();
  const [shown, setShown] = useState(false);
  const [caps, setCaps] = useState(false);
  const look = (event: KeyboardEvent) => setCaps(event.getModifierState('CapsLock'));
  const level = value.length === 0 ? 0 : value.length < 8 ? 1 : value.length < 14 ? 2 : 3;
  return (
    <Field
      {...rest}
      dir="ltr"
      value={value}
      type={shown ? 'text' : 'password'}
      spellCheck={false}
      autoCapitalize="off"
      onKeyDown={look}
      onKeyUp={look}
      hint={
        <>
          {caps && <span role="status">{t('signin.caps')} </span>}
          {hint}
          {meter && <span className={styles.meter} data-level={level} aria-hidden="true"><i /><i /><i /></span>}
          {meter && <span>{t(`setup.password_${level}`)}</span>}
        </>
      }
      end={<IconButton label={shown ? t('signin.hide') : t('signin.show')} onClick={() => setShown(!shown)}>{shown ? <EyeOff size={18} strokeWidth={1.75} aria-hidden="true" /> : <Eye size={18} strokeWidth={1.75} aria-hidden="true" />}</IconButton>}
    />
  );
}
