import type { QuietHours } from './quiet-hours.ts';

/** What a person chose about notifications, each key of the synced preferences at its default where nothing fits. */
export interface NotifyPreferences {
  /** Of channels at the level `default`. */
  level: 'mentions' | 'all' | 'nothing';
  keywords: readonly string[];
  /** Toasts for reactions. */
  reactions: boolean;
  sound: boolean;
  /** Toasts while Parley is in front but shows something else. */
  inFront: 'direct' | 'all' | 'none';
  /** How much a toast tells. */
  preview: 'full' | 'sender' | 'none';
  pushAfterMs: number;
  /** How long what was missed waits before a mail tells of it; null: no mail. */
  mailAfterMs: number | null;
  ignored: readonly string[];
  dnd: { until: number | null; schedule: readonly QuietHours[] };
}

/** The keys on the wire. */
export const NOTIFY_KEYS = {
  level: 'notify_level', keywords: 'notify_keywords', reactions: 'notify_reactions', sound: 'notify_sound', inFront: 'notify_in_front',
  preview: 'notify_preview', pushAfter: 'notify_push_after', mailAfter: 'notify_mail_after', ignored: 'ignored_people', dndUntil: 'dnd_until', dndSchedule: 'dnd_schedule',
} as const;

export const KEYWORDS_MAX = 40;
export const KEYWORD_CHARACTERS = 80;
/** What can be chosen, in seconds; the first is the default. */
export const PUSH_AFTER_SECONDS = [120, 0, 300, 900] as const;
/** `off` is `false` on the wire. */
export const MAIL_AFTER_SECONDS = [900, 3_600] as const;
const LONGEST_SECONDS = 86_400;

/** Reads the synced preferences; another client may have written anything there. */
export function readNotifyPreferences(values: Readonly<Record<string, unknown>>): NotifyPreferences {
  const until = values[NOTIFY_KEYS.dndUntil];
  const end = typeof until === 'string' ? Date.parse(until) : Number.NaN;
  return {
    level: one(values[NOTIFY_KEYS.level], ['mentions', 'all', 'nothing']),
    keywords: strings(values[NOTIFY_KEYS.keywords]).map((word) => word.trim()).filter((word) => word !== '' && word.length <= KEYWORD_CHARACTERS).slice(0, KEYWORDS_MAX),
    reactions: values[NOTIFY_KEYS.reactions] === true,
    sound: values[NOTIFY_KEYS.sound] !== false,
    inFront: one(values[NOTIFY_KEYS.inFront], ['direct', 'all', 'none']),
    preview: one(values[NOTIFY_KEYS.preview], ['full', 'sender', 'none']),
    pushAfterMs: secondsOr(values[NOTIFY_KEYS.pushAfter], PUSH_AFTER_SECONDS[0]) * 1_000,
    mailAfterMs: values[NOTIFY_KEYS.mailAfter] === false ? null : secondsOr(values[NOTIFY_KEYS.mailAfter], MAIL_AFTER_SECONDS[0]) * 1_000,
    ignored: strings(values[NOTIFY_KEYS.ignored]),
    dnd: { until: Number.isNaN(end) ? null : end, schedule: schedule(values[NOTIFY_KEYS.dndSchedule]) },
  };
}

const one = <const T extends string>(value: unknown, of: readonly [T, ...T[]]): T => of.find((known) => known === value) ?? of[0];
const secondsOr = (value: unknown, standard: number): number => (typeof value === 'number' && value >= 0 && value <= LONGEST_SECONDS ? value : standard);
const strings = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []);

const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/;
const minutes = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));

/** One span, or a list of them: each day of the week may have its own. */
const schedule = (value: unknown): QuietHours[] => (Array.isArray(value) ? value.slice(0, 14) : [value]).map(hours).filter((one) => one !== null);

/** `{from: "22:00", to: "07:00", days: [1, 2], time_zone: "Europe/Berlin"}`; days are those on which it begins, 0 is Sunday. */
function hours(value: unknown): QuietHours | null {
  if (typeof value !== 'object' || value === null) return null;
  const { from, to, days, time_zone } = value as Record<string, unknown>;
  if (typeof from !== 'string' || typeof to !== 'string' || !CLOCK.test(from) || !CLOCK.test(to) || from === to || typeof time_zone !== 'string') return null;
  const list = Array.isArray(days) ? days.filter((day): day is number => Number.isInteger(day) && (day as number) >= 0 && (day as number) <= 6) : [0, 1, 2, 3, 4, 5, 6];
  try {
    new Intl.DateTimeFormat('en', { timeZone: time_zone });
  } catch {
    // A zone that this device does not know: better loud than silent at the wrong hours.
    return null;
  }
  return list.length === 0 ? null : { from: minutes(from), to: minutes(to), days: list, timeZone: time_zone };
}
