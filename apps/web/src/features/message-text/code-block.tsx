import { useLayoutEffect, useRef, useState } from 'react';
import { useText } from '../../i18n/text.tsx';
import { cx } from '../../ui/cx.ts';
import { announce } from '../../ui/announce.ts';
import { useChat } from './chat-context.tsx';
import { languageName } from './language-names.ts';
import styles from './message-text.module.css';
import { useCodeTokens } from './use-code.ts';

const FOLD_OVER = 20;

/** A block of code (LST-26): its language, Copy, Wrap; long ones are folded; what overflows scrolls in a focusable region. */
export function CodeBlock({ language, text }: { language: string | null; text: string }) {
  const t = useText();
  const { preferences } = useChat();
  const [wrap, setWrap] = useState(preferences.wrapCode);
  const [open, setOpen] = useState(false);
  const [wide, setWide] = useState(false);
  const region = useRef<HTMLPreElement>(null);
  const lines = text.split('\n');
  const folded = lines.length > FOLD_OVER && !open;
  const shown = folded ? lines.slice(0, FOLD_OVER).join('\n') : text;
  const tokens = useCodeTokens(languageName(language), shown);

  useLayoutEffect(() => {
    const element = region.current;
    if (element) setWide(element.scrollWidth > element.clientWidth);
  }, [shown, wrap]);

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      announce(t('chat.code.copied'));
    } catch {
      announce(t('chat.copy.refused'), 'now');
    }
  };

  return (
    <div className={styles.code} dir="ltr">
      <div className={styles.codeBar}>
        <span className={styles.codeLanguage}>{language ?? ''}</span>
        <button type="button" tabIndex={-1} aria-pressed={wrap} onClick={() => setWrap(!wrap)}>{t('chat.code.wrap')}</button>
        <button type="button" tabIndex={-1} onClick={() => void copy()}>{t('chat.code.copy')}</button>
      </div>
      <pre ref={region} className={cx(styles.pre, wrap && styles.wrap)} {...(wide ? { tabIndex: 0, role: 'region', 'aria-label': t('chat.code.label', { language: language ?? '' }) } : {})}>
        <code>{tokens ? tokens.map((token, i) => (token.kind ? <span key={i} className={styles[`syn-${token.kind}`]}>{token.text}</span> : token.text)) : shown}</code>
      </pre>
      {lines.length > FOLD_OVER && (
        <button type="button" tabIndex={-1} className={styles.more} aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? t('chat.less') : t('chat.code.all', { n: lines.length })}
        </button>
      )}
    </div>
  );
}
