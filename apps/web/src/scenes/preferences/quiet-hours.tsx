import { useIntl } from 'react-intl';
import { NOTIFY_KEYS, readNotifyPreferences } from '@parley/shared/domain/notify-preferences';
import { useText } from '../../i18n/text.tsx';
import { usePreferences } from '../../state/engine.tsx';
import { Switch } from '../../ui/choice.tsx';
import { Field } from '../../ui/field.tsx';
import styles from './quiet-hours.module.css';

interface Span { from: string; to: string; days: number[]; time_zone: string }
const USUAL = { from: '22:00', to: '07:00' };
const clock = (minutes: number): string => `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
/** Monday to Sunday of some week, for their names. */
const WEEK = [1, 2, 3, 4, 5, 6, 0];
const dayOf = (day: number): Date => new Date(Date.UTC(2026, 10, 22 + day));

/** NTF-3: for each day of the week on which it begins, from when to when nothing disturbs; an end before the beginning is on the next day. */
export function QuietHours({ set }: { set(key: string, value: unknown): void }) {
  const t = useText();
  const intl = useIntl();
  const { schedule } = readNotifyPreferences(usePreferences()).dnd;
  const zone = schedule[0]?.timeZone ?? intl.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const spans = WEEK.flatMap((day) => {
    const one = schedule.find((hours) => hours.days.includes(day));
    return one === undefined ? [] : [{ day, from: clock(one.from), to: clock(one.to) }];
  });
  const keep = (next: { day: number; from: string; to: string }[]): void => {
    const merged: Span[] = [];
    for (const { day, from, to } of next) {
      const same = merged.find((span) => span.from === from && span.to === to);
      if (same) same.days.push(day);
      else merged.push({ from, to, days: [day], time_zone: zone });
    }
    set(NOTIFY_KEYS.dndSchedule, merged.length === 0 ? null : merged);
  };
  const change = (day: number, span: { from: string; to: string } | null): void => {
    if (span !== null && (span.from === '' || span.to === '' || span.from === span.to)) return;
    keep([...spans.filter((one) => one.day !== day), ...(span === null ? [] : [{ day, ...span }])]);
  };
  return (
    <fieldset className={styles.hours}>
      <legend>{t('preferences.quiet')}</legend>
      <p className={styles.hint}>{t('preferences.quiet_hint', { zone })}</p>
      {WEEK.map((day) => {
        const span = spans.find((one) => one.day === day);
        const name = intl.formatDate(dayOf(day), { weekday: 'long', timeZone: 'UTC' });
        return (
          <div key={day} className={styles.day}>
            <Switch label={name} checked={span !== undefined} onChange={(on) => change(day, on ? USUAL : null)} />
            {span !== undefined && (
              <>
                <Field type="time" hideLabel label={t('preferences.quiet_from', { day: name })} value={span.from} onChange={(event) => change(day, { ...span, from: event.target.value })} />
                <span aria-hidden="true">–</span>
                <Field type="time" hideLabel label={t('preferences.quiet_to', { day: name })} value={span.to} onChange={(event) => change(day, { ...span, to: event.target.value })} />
              </>
            )}
          </div>
        );
      })}
    </fieldset>
  );
}
