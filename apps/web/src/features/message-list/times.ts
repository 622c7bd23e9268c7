import { useMemo } from 'react';
import { useIntl } from 'react-intl';
import { useChat } from '../message-text/chat-context.tsx';
import { useText } from '../../i18n/text.tsx';
import { dayName } from './days.ts';

export interface Times { clock(at: number): string; full(at: number): string; day(day: string, at: number): string; today(): string; short(at: number): string }

/** Clock times and days in the person's zone and language (I18-4). */
export function useTimes(): Times {
  const { locale } = useIntl();
  const t = useText();
  const { preferences: { timeZone, clock }, dayOf } = useChat();
  return useMemo(() => {
    const { clockFormat, fullFormat, dayFormat, yearFormat, shortFormat, relative } = formatsOf(locale, timeZone, clock);
    const capital = (text: string) => text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
    const times: Times = {
      clock: (at) => clockFormat.format(at),
      full: (at) => fullFormat.format(at),
      today: () => dayOf(Date.now()),
      day: (day, at) => {
        const name = dayName(day, dayOf(Date.now()));
        if (name.kind === 'today') return capital(relative.format(0, 'day'));
        if (name.kind === 'yesterday') return capital(relative.format(-1, 'day'));
        return (name.otherYear ? yearFormat : dayFormat).format(at);
      },
      short: (at) => {
        const day = dayOf(at);
        const name = dayName(day, dayOf(Date.now()));
        return name.kind === 'today' ? clockFormat.format(at) : name.kind === 'yesterday' ? t('chat.yesterday_at', { time: clockFormat.format(at) }) : shortFormat.format(at);
      },
    };
    return times;
  }, [locale, t, timeZone, clock, dayOf]);
}

interface Formats { clockFormat: Intl.DateTimeFormat; fullFormat: Intl.DateTimeFormat; dayFormat: Intl.DateTimeFormat; yearFormat: Intl.DateTimeFormat; shortFormat: Intl.DateTimeFormat; relative: Intl.RelativeTimeFormat }
const made = new Map<string, Formats>();

/** Made once for all rows: formats cost a hundred times what formatting does. */
function formatsOf(locale: string, timeZone: string | undefined, clock: 'language' | '12' | '24'): Formats {
  const key = `${locale} ${timeZone ?? ''} ${clock}`;
  const known = made.get(key);
  if (known) return known;
  const hour12 = clock === 'language' ? {} : { hour12: clock === '12' };
  const zone = timeZone === undefined ? {} : { timeZone };
  const formats: Formats = {
    clockFormat: new Intl.DateTimeFormat(locale, { ...(clock === '12' ? { hour: 'numeric', minute: '2-digit' } : { timeStyle: 'short' }), ...hour12, ...zone }),
    fullFormat: new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'medium', ...hour12, ...zone }),
    dayFormat: new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long', ...zone }),
    yearFormat: new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', ...zone }),
    shortFormat: new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', ...zone }),
    relative: new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }),
  };
  made.set(key, formats);
  return formats;
}
