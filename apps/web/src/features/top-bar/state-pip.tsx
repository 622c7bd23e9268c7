import { useEffect, useRef, useState } from 'react';
import { Link } from 'wouter';
import { useText } from '../../i18n/text.tsx';
import { useConnection, useEngine, useOutbox } from '../../state/engine.tsx';
import { usePlace } from '../../state/place.tsx';
import { paths } from '../../state/routes.ts';
import { useScreen } from '../../state/screen.ts';
import { readText, writeText } from '../../platform/device-settings.ts';
import { useReadable } from '../../state/readable.ts';
import { announce } from '../../ui/announce.ts';
import { Banner } from '../../ui/banner.tsx';
import { Button } from '../../ui/button.tsx';
import { Tooltip } from '../../ui/tooltip.tsx';
import { changesByTime, stateTexts, useNow } from './connection.ts';
import styles from './top-bar.module.css';

const UP_TO_DATE_MS = 2_000;

/** Nothing when all is well; else one word on how things stand, what waits to be sent, and what runs in the background. */
export function StatePip() {
  const t = useText();
  const connection = useConnection();
  const place = usePlace();
  const outbox = useOutbox();
  const importing = useScreen((screen) => screen.importing);
  const now = useNow(1_000, changesByTime(connection));
  const { pip } = stateTexts(connection, now, location.host, false, t);
  const upToDate = useUpToDate(connection.kind);
  const waiting = outbox.filter((item) => item.act === 'send' && item.state.kind === 'waiting').length;
  const live = connection.kind === 'live';
  return (
    <div className={styles.pips}>
      {importing !== null && <Link href={paths.preferences('history')} className={styles.pip}>{t('state.importing', { percent: Math.round(importing.progress * 100) })}</Link>}
      {waiting > 0 && <Link href={paths.scene(place.workspaceId, 'drafts')} className={styles.pip}>{t('state.to_send', { n: waiting })}</Link>}
      {pip !== null && <span className={styles.pip}><span className={styles.mark} aria-hidden="true" />{pip}</span>}
      {pip === null && live && upToDate && (
        <Tooltip text={connection.latencyMs === null ? t('state.up_to_date') : t('state.up_to_date_ms', { n: Math.round(connection.latencyMs) })} side="bottom">
          <span className={styles.pip}>{t('state.up_to_date')}</span>
        </Tooltip>
      )}
    </div>
  );
}

/** True for two seconds after catching up took long enough to be seen. */
function useUpToDate(kind: string): boolean {
  const t = useText();
  const [on, setOn] = useState(false);
  const since = useRef<number | null>(null);
  const wasOffline = useRef(false);
  useEffect(() => {
    if (kind === 'offline') {
      wasOffline.current = true;
      announce(t('state.offline'));
    }
    if (kind === 'catching_up') since.current ??= Date.now();
    if (kind !== 'live') return;
    if (wasOffline.current) announce(t('state.connected'));
    wasOffline.current = false;
    const caught = since.current !== null && Date.now() - since.current > 1_000;
    since.current = null;
    if (!caught) return;
    setOn(true);
    const timer = setTimeout(() => setOn(false), UP_TO_DATE_MS);
    return () => clearTimeout(timer);
  }, [kind, t]);
  return on;
}

const DAY_KEY = 'parley.offline-explained';
const today = () => new Date().toDateString();

/** The one bar of the page: what is wrong for longer, and what to do. */
export function StateBar() {
  const t = useText();
  const engine = useEngine();
  const connection = useConnection();
  const now = useNow(1_000, changesByTime(connection));
  const [explained, setExplained] = useState(() => readText(DAY_KEY) === today());
  const storage = useReadable(engine.storage);
  const unsent = useOutbox().filter((item) => item.act === 'send').length;
  const { bar: stateBar } = stateTexts(connection, now, location.host, !explained, t);
  // OFF-13 comes first: it is the one that can lose text.
  const bar = storage === 'full' && unsent > 0 ? { text: t('state.storage_full', { n: unsent }), tryNow: false } : (stateBar ?? (storage === 'unavailable' ? { text: t('state.storage_none'), tryNow: false } : null));
  if (bar === null) return null;
  return (
    <section aria-label={t('region.notice')} data-region="1">
      <Banner
        tone={connection.kind === 'offline' ? 'info' : 'warn'}
        actions={
          bar.tryNow ? <Button size="small" onClick={() => engine.wake()}>{t('state.try_now')}</Button>
          : connection.kind === 'offline' && bar === stateBar && <Button size="small" onClick={() => { writeText(DAY_KEY, today()); setExplained(true); }}>{t('app.understood')}</Button>
        }
      >
        {bar.text}
      </Banner>
    </section>
  );
}
