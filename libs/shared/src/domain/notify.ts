import { keywordIn } from './keywords.ts';
import { readNotifyPreferences, type NotifyPreferences } from './notify-preferences.ts';
import { quietUntil } from './quiet-hours.ts';

/** What happened, as the person's device or a worker knows it. */
export interface NotifyEvent {
  kind: 'message' | 'edit' | 'reaction' | 'reminder' | 'send_failed' | 'invitation' | 'system';
  /** Whose act it is; null for the server's own. */
  by: string | null;
  /** In milliseconds. */
  at: number;
  /** In a direct or group direct conversation. */
  direct?: boolean;
  /** Names the person or a group of theirs; of an edit: newly. */
  named?: boolean;
  everyone?: 'none' | 'channel' | 'here';
  /** Keywords are looked for in it. */
  text?: string;
  /** An answer in a thread, or one that also stands in the channel. */
  reply?: 'none' | 'thread' | 'broadcast';
  /** Of an edit: when the message was written. */
  writtenAt?: number;
  /** “Send quietly”. */
  quiet?: boolean;
  bot?: boolean;
  /** A partner chose “Notify anyway”. */
  anyway?: boolean;
}

/** The person's own setting of a channel; null for a channel that they cannot see. */
export interface ChannelSetting {
  level: 'default' | 'all' | 'mentions' | 'nothing';
  muted: boolean;
}

/** One of the person's devices, this one (`here`) among them. */
export interface NotifyDevice {
  here: boolean;
  /** Its last input, in milliseconds. */
  activeAt: number;
  /** Its window is in front. */
  inFront: boolean;
  /** It shows the end of the event's channel or thread, as reading asks for. */
  looking: boolean;
  /** The screen is locked. */
  locked?: boolean;
}

export type NotifyRow = 'message' | 'named' | 'everyone' | 'keyword' | 'direct' | 'reply' | 'broadcast' | 'reaction' | 'edit' | 'personal' | 'bot_quiet';
export type NotifyColumn = 'mentions' | 'all' | 'nothing' | 'muted';

/** One step of the reasoning, for “Notification details”. `until` and `keyword` say more where there is more. */
export interface NotifyReason {
  rule: `row_${NotifyRow}` | 'own' | 'ignored' | 'no_access' | 'unfollowed' | 'not_news' | 'here_offline' | 'dnd' | 'anyway' | 'looking' | 'in_front' | 'active_elsewhere' | 'device_active' | 'sound_off' | 'toast_by_preference';
  column?: NotifyColumn;
  until?: number;
  keyword?: string;
}

export interface NotifyDecision {
  unread: boolean;
  /** Which number it adds to. */
  number: 'none' | 'channel' | 'threads';
  inbox: boolean;
  toast: boolean;
  sound: boolean;
  push: boolean;
  /** The toast comes after this long, only if it is still unread then. */
  toastAfterMs: number;
  /** The push comes after this long, only if it is still unread then and no device is active. */
  pushAfterMs: number;
  why: readonly NotifyReason[];
}

export const ACTIVE_MS = 2 * 60_000;
export const IDLE_MS = 10 * 60_000;
export const ELSEWHERE_WAITS_MS = 30_000;
export const NEWLY_NAMED_MS = 5 * 60_000;

type Effect = 'unread' | 'number' | 'threads' | 'inbox' | 'toast' | 'push';
const NONE: readonly Effect[] = [];
const LOUD: readonly Effect[] = ['unread', 'number', 'inbox', 'toast', 'push'];
const THREAD: readonly Effect[] = ['threads', 'inbox', 'toast', 'push'];
const PERSONAL: readonly Effect[] = ['number', 'inbox', 'toast', 'push'];

/** NTF-1. */
const TABLE: Readonly<Record<NotifyRow, Readonly<Record<NotifyColumn, readonly Effect[]>>>> = {
  message: { mentions: ['unread'], all: ['unread', 'toast'], nothing: ['unread'], muted: NONE },
  named: { mentions: LOUD, all: LOUD, nothing: ['unread', 'number', 'inbox'], muted: ['number', 'inbox'] },
  everyone: { mentions: LOUD, all: LOUD, nothing: ['unread', 'inbox'], muted: NONE },
  keyword: { mentions: LOUD, all: LOUD, nothing: ['unread', 'inbox'], muted: ['inbox'] },
  direct: { mentions: LOUD, all: LOUD, nothing: ['unread', 'number', 'inbox'], muted: NONE },
  reply: { mentions: THREAD, all: THREAD, nothing: ['threads', 'inbox'], muted: ['threads', 'inbox'] },
  broadcast: { mentions: ['unread', ...THREAD], all: ['unread', ...THREAD], nothing: ['unread'], muted: NONE },
  reaction: { mentions: ['inbox'], all: ['inbox'], nothing: ['inbox'], muted: NONE },
  edit: { mentions: ['number', 'inbox'], all: ['number', 'inbox'], nothing: ['number', 'inbox'], muted: ['inbox'] },
  personal: { mentions: PERSONAL, all: PERSONAL, nothing: PERSONAL, muted: PERSONAL },
  bot_quiet: { mentions: ['unread'], all: ['unread'], nothing: NONE, muted: NONE },
};

/**
 * What an event does for one person, and why (UI.md, section 7). Everything that shows, sounds or pushes asks here. Where
 * several rows of the table fit, each adds what it gives; the later rules only take away.
 */
export function decide(event: NotifyEvent, me: string, setting: ChannelSetting | null, thread: { following: boolean } | null, preferences: Readonly<Record<string, unknown>>, now: number, devices: readonly NotifyDevice[]): NotifyDecision {
  const chosen = readNotifyPreferences(preferences);
  const personal = event.kind === 'reminder' || event.kind === 'send_failed' || event.kind === 'invitation';
  const nothing = (rule: NotifyReason['rule']): NotifyDecision => ({ unread: false, number: 'none', inbox: false, toast: false, sound: false, push: false, toastAfterMs: 0, pushAfterMs: 0, why: [{ rule }] });
  if (event.by === me && event.kind !== 'reminder' && event.kind !== 'send_failed') return nothing('own');
  if (event.by !== null && chosen.ignored.includes(event.by)) return nothing('ignored');
  if (setting === null) return nothing('no_access');

  const column: NotifyColumn = setting.muted ? 'muted' : setting.level === 'default' ? chosen.level : setting.level;
  const why: NotifyReason[] = [];
  const rows = personal ? (['personal'] as const) : rowsOf(event, thread, chosen, devices, now, why);
  const effects = new Set<Effect>();
  for (const row of rows) {
    for (const effect of TABLE[row][column]) effects.add(effect);
    why.push({ rule: `row_${row}`, column, ...(row === 'keyword' ? { keyword: keywordIn(event.text ?? '', chosen.keywords)! } : {}) });
  }
  if (event.kind === 'reaction' && chosen.reactions && column !== 'nothing' && column !== 'muted' && rows.length > 0) {
    effects.add('toast');
    why.push({ rule: 'toast_by_preference' });
  }
  const decision: NotifyDecision = {
    unread: effects.has('unread'),
    number: effects.has('number') ? 'channel' : effects.has('threads') ? 'threads' : 'none',
    inbox: effects.has('inbox'),
    toast: effects.has('toast'),
    sound: effects.has('toast'),
    push: effects.has('push'),
    toastAfterMs: 0,
    pushAfterMs: chosen.pushAfterMs,
    why,
  };
  subtract(decision, event, personal, chosen, now, devices, why);
  return decision;
}

function rowsOf(event: NotifyEvent, thread: { following: boolean } | null, chosen: NotifyPreferences, devices: readonly NotifyDevice[], now: number, why: NotifyReason[]): NotifyRow[] {
  if (event.kind === 'system') {
    why.push({ rule: 'not_news' });
    return [];
  }
  if (event.quiet) {
    if (event.bot) return ['bot_quiet'];
    why.push({ rule: 'not_news' });
    return [];
  }
  if (event.kind === 'reaction') return ['reaction'];
  if (event.kind === 'edit') {
    if (event.named && event.at - (event.writtenAt ?? event.at) <= NEWLY_NAMED_MS) return ['edit'];
    why.push({ rule: 'not_news' });
    return [];
  }
  const rows: NotifyRow[] = [];
  const reply = event.reply ?? 'none';
  if (event.named) rows.push('named');
  if (event.everyone === 'channel' || (event.everyone === 'here' && devices.some((device) => isActive(device, now)))) rows.push('everyone');
  else if (event.everyone === 'here') why.push({ rule: 'here_offline' });
  if (event.direct) rows.push('direct');
  const following = thread?.following === true;
  if (reply === 'thread' && following) rows.push('reply');
  if (reply === 'broadcast' && following) rows.push('broadcast');
  // A word of one's own in a thread that one has nothing to do with is still one's word.
  if (event.text !== undefined && keywordIn(event.text, chosen.keywords) !== null) rows.push('keyword');
  if (!event.direct && (reply === 'none' || (reply === 'broadcast' && !following))) rows.push('message');
  if (rows.length === 0 && reply === 'thread') why.push({ rule: 'unfollowed' });
  return rows;
}

/** NTF-3 to NTF-5: only ever takes away or puts off. */
function subtract(decision: NotifyDecision, event: NotifyEvent, personal: boolean, chosen: NotifyPreferences, now: number, devices: readonly NotifyDevice[], why: NotifyReason[]): void {
  const loud = (): boolean => decision.toast || decision.push;
  const silence = (): void => { decision.toast = decision.sound = false; };
  const until = quietUntil(chosen.dnd, now);
  if (loud() && until !== null) {
    if (event.anyway) why.push({ rule: 'anyway' });
    else {
      silence();
      decision.push = false;
      why.push({ rule: 'dnd', until });
    }
  }
  const here = devices.find((device) => device.here);
  if (decision.toast && here?.looking && here.inFront && isActive(here, now)) {
    silence();
    why.push({ rule: 'looking' });
  } else if (decision.toast && here?.inFront && isActive(here, now) && (chosen.inFront === 'none' || (chosen.inFront === 'direct' && !event.direct && !event.named && !personal))) {
    silence();
    why.push({ rule: 'in_front' });
  } else if (decision.toast && devices.some((device) => !device.here && device.inFront && !device.locked && now - device.activeAt < ACTIVE_MS)) {
    decision.toastAfterMs = ELSEWHERE_WAITS_MS;
    why.push({ rule: 'active_elsewhere' });
  }
  if (decision.push && devices.some((device) => isActive(device, now) && device.inFront)) {
    decision.push = false;
    why.push({ rule: 'device_active' });
  }
  if (decision.sound && !chosen.sound) {
    decision.sound = false;
    why.push({ rule: 'sound_off' });
  }
}

const isActive = (device: NotifyDevice, now: number): boolean => !device.locked && now - device.activeAt < IDLE_MS;
