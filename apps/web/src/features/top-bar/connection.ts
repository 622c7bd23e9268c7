import { useEffect, useState } from 'react';
import type { ConnectionView } from '@parley/shared/sync/api';
import type { Translate } from '../../i18n/text.tsx';

/** The time, read again after each `ms` while `active`. */
export function useNow(ms: number, active: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!active) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), ms);
    return () => clearInterval(timer);
  }, [ms, active]);
  return now;
}

export interface StateTexts {
  /** In the top bar; null when all is well. */
  pip: string | null;
  /** Across the page. */
  bar: { text: string; tryNow: boolean } | null;
}

const PIP_AFTER = 2_000;
const BAR_AFTER = 15_000;
const CATCHING_AFTER = 1_000;

/** OFF-1 to OFF-5 and OFF-16: what the state of the connection says, and when. `offlineBar`: the day's explanation is still due. */
export function stateTexts(connection: ConnectionView, now: number, host: string, offlineBar: boolean, t: Translate): StateTexts {
  const age = 'since' in connection ? now - connection.since : 0;
  switch (connection.kind) {
    case 'offline':
      return age < PIP_AFTER ? { pip: null, bar: null } : { pip: t('state.offline'), bar: offlineBar ? { text: t('state.offline_bar'), tryNow: false } : null };
    case 'connecting':
      if (age >= BAR_AFTER) return { pip: t('state.reconnecting'), bar: { text: t('state.silent_trying', { host }), tryNow: false } };
      return { pip: age >= PIP_AFTER ? t('state.reconnecting') : null, bar: null };
    case 'waiting': {
      if (connection.reason === 'too_many') return { pip: null, bar: { text: t('state.too_many'), tryNow: true } };
      const seconds = Math.max(0, Math.ceil((connection.retryAt - now) / 1000));
      const pip = connection.reason === 'restarting' ? t('state.restarting') : t('state.reconnecting');
      if (age >= BAR_AFTER) return { pip, bar: { text: t('state.silent', { host, seconds }), tryNow: true } };
      return { pip: age >= PIP_AFTER || connection.reason === 'restarting' ? pip : null, bar: null };
    }
    case 'catching_up':
      return { pip: age >= CATCHING_AFTER ? t('state.catching_up', { n: connection.channelsLeft }) : null, bar: null };
    default:
      return { pip: null, bar: null };
  }
}

/** Whether the texts may change by time alone, so that a clock must run. */
export const changesByTime = (connection: ConnectionView): boolean => 'since' in connection;
