import type { HeldRange, MessageView, TimelineView } from '@parley/shared/sync/api';
import type { DayOf } from './days.ts';

/**
 * The list as a flat array of keyed rows: a pure function of what is held, what is pending, where reading stood, and the
 * preferences. A pending message is a `message` row like any other, under the key that it keeps for life.
 */
export type Row =
  | { type: 'start'; key: 'start' }
  | { type: 'day'; key: string; day: string; at: number }
  /** `count` is null where it cannot be known: in threads, whose seqs are those of the channel. */
  | { type: 'gap'; key: string; fromSeq: number; toSeq: number; count: number | null; at: 'before' | 'between' | 'after' }
  | { type: 'divider'; key: 'divider' }
  | { type: 'folded'; key: string; views: readonly MessageView[]; open: boolean }
  | { type: 'message'; key: string; view: MessageView; follows: boolean };
export type MessageRow = Extract<Row, { type: 'message' }>;
export type GapRow = Extract<Row, { type: 'gap' }>;

/** Where reading stood when the list was opened, or null when there is no line to draw. */
export interface ReadSnapshot { afterSeq: number }

export interface RowPreferences {
  me: string;
  dayOf: DayOf;
  /** Joins and leaves: folded into one row, or left out. */
  joins: 'folded' | 'hidden';
  /** Keys of folded rows that were opened. */
  opened: ReadonlySet<string>;
}

export const GROUP_MS = 5 * 60_000;

const JOINS = new Set(['joined', 'left', 'join', 'leave', 'channel_join', 'channel_leave', 'invited', 'removed', 'member_joined', 'member_left', 'user_joined', 'user_left']);

/** What is derived from a view once: its time, and its row in either form, so that equal rows are the same object. */
interface Known { at: number; day: string; dayOf: DayOf | null; alone: MessageRow; following: MessageRow }
const known = new WeakMap<MessageView, Known>();

function knownOf(view: MessageView): Known {
  let made = known.get(view);
  if (!made) {
    const row = { type: 'message', key: view.key, view } as const;
    made = { at: Date.parse(view.message.created_at), day: '', dayOf: null, alone: { ...row, follows: false }, following: { ...row, follows: true } };
    known.set(view, made);
  }
  return made;
}

function dayOfView(view: MessageView, dayOf: DayOf): string {
  const own = knownOf(view);
  if (own.dayOf !== dayOf) {
    own.day = dayOf(own.at);
    own.dayOf = dayOf;
  }
  return own.day;
}

export const timeOf = (view: MessageView): number => knownOf(view).at;
const isPendingSend = (view: MessageView): boolean => view.pending?.act === 'send';

/** Whether the message has a row in this list at all. */
export function isShown(view: MessageView, rootId: string | null): boolean {
  const { message } = view;
  if (message.deleted && !(message.thread !== null && message.thread.reply_count > 0) && message.id !== rootId) return false;
  if (rootId === null) return message.parent_message_id === null || message.broadcast;
  return message.id === rootId || message.parent_message_id === rootId;
}

const isBroadcast = (view: MessageView, rootId: string | null): boolean => rootId === null && view.message.broadcast && view.message.parent_message_id !== null;

/** Never part of a group: neither following one nor followed. */
function standsAlone(view: MessageView, rootId: string | null): boolean {
  const { message } = view;
  return message.kind === 'system' || message.kind === 'me' || message.deleted || isBroadcast(view, rootId) || message.id === rootId || 'forwarded' in message;
}

/** Same author and identity, same day, under 5 minutes since the previous one, nothing between. */
export function follows(previous: MessageView, view: MessageView, rootId: string | null, dayOf: DayOf): boolean {
  if (standsAlone(previous, rootId) || standsAlone(view, rootId)) return false;
  if (previous.message.author_id !== view.message.author_id || previous.message.kind !== view.message.kind) return false;
  return timeOf(view) - timeOf(previous) < GROUP_MS && dayOfView(previous, dayOf) === dayOfView(view, dayOf);
}

interface Hole { fromSeq: number; toSeq: number; at: 'before' | 'between' | 'after' }

/** What is not held between the first seq one may see and the head. */
export function holes(ranges: readonly HeldRange[], firstSeq: number, headSeq: number): Hole[] {
  const out: Hole[] = [];
  let next = firstSeq;
  for (const range of ranges) {
    if (range.fromSeq > next) out.push({ fromSeq: next, toSeq: range.fromSeq - 1, at: next === firstSeq ? 'before' : 'between' });
    next = Math.max(next, range.toSeq + 1);
  }
  if (next <= headSeq) out.push({ fromSeq: next, toSeq: headSeq, at: ranges.length === 0 ? 'before' : 'after' });
  return out;
}

export function buildRows(view: TimelineView, snapshot: ReadSnapshot | null, preferences: RowPreferences, previous: readonly Row[] = []): readonly Row[] {
  const { rootId } = view;
  const { dayOf } = preferences;
  const rows: Row[] = [];
  const missing = holes(view.ranges, view.firstSeq, view.headSeq);
  let hole = 0;
  let day: string | null = null;
  let last: MessageView | null = null;
  let line = snapshot !== null;
  let folding: MessageView[] = [];

  const closeFold = () => {
    if (folding.length === 0) return;
    const key = `folded:${folding[0]?.message.id ?? ''}`;
    rows.push({ type: 'folded', key, views: folding, open: preferences.opened.has(key) });
    folding = [];
    last = null;
  };
  const drawLine = () => {
    closeFold();
    rows.push({ type: 'divider', key: 'divider' });
    line = false;
    last = null;
  };
  const pushHole = (gap: Hole) => {
    closeFold();
    // Where the line falls inside a hole it is not known between which messages it stands.
    if (line && snapshot !== null && gap.fromSeq > snapshot.afterSeq && gap.at !== 'before') drawLine();
    const side = gap.at === 'before' ? 'top' : gap.fromSeq;
    rows.push({ type: 'gap', key: `gap:${side}`, fromSeq: gap.fromSeq, toSeq: gap.toSeq, count: rootId === null ? gap.toSeq - gap.fromSeq + 1 : null, at: gap.at });
    last = null;
  };
  const push = (message: MessageView, pending: boolean) => {
    const of = dayOfView(message, dayOf);
    if (of !== day) {
      closeFold();
      rows.push({ type: 'day', key: `day:${of}`, day: of, at: timeOf(message) });
      day = of;
      last = null;
    }
    const system = message.message.kind === 'system';
    if (line && snapshot !== null && !pending && !system && message.message.seq > snapshot.afterSeq && message.message.author_id !== preferences.me) drawLine();
    if (system && !message.message.deleted) { folding.push(message); return; }
    closeFold();
    const own = knownOf(message);
    rows.push(last !== null && follows(last, message, rootId, dayOf) ? own.following : own.alone);
    last = message;
  };

  if (missing[0]?.at !== 'before' && rootId === null) rows.push({ type: 'start', key: 'start' });
  for (const message of view.messages) {
    while (hole < missing.length && (missing[hole] as Hole).toSeq < message.message.seq) pushHole(missing[hole++] as Hole);
    if (!isShown(message, rootId)) continue;
    if (preferences.joins === 'hidden' && message.message.kind === 'system' && JOINS.has(message.message.system?.event ?? '')) continue;
    push(message, false);
  }
  while (hole < missing.length) pushHole(missing[hole++] as Hole);
  for (const message of view.pending) if (isPendingSend(message) || message.pending === undefined) push(message, true);
  closeFold();
  return share(rows, previous);
}

/** Unchanged rows keep their identity, so that nothing is rendered for them. Message rows are made so; the few others are compared. */
function share(rows: Row[], previous: readonly Row[]): readonly Row[] {
  if (previous.length === 0) return rows;
  const others = new Map<string, Row>();
  for (const row of previous) if (row.type !== 'message') others.set(row.key, row);
  let same = rows.length === previous.length;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as Row;
    if (row.type !== 'message') {
      const old = others.get(row.key);
      if (old !== undefined && isSame(old, row)) rows[i] = old;
    }
    if (rows[i] !== previous[i]) same = false;
  }
  return same ? previous : rows;
}

function isSame(a: Row, b: Row): boolean {
  if (a.type === 'gap') return b.type === 'gap' && a.fromSeq === b.fromSeq && a.toSeq === b.toSeq && a.at === b.at;
  if (a.type === 'folded') return b.type === 'folded' && a.open === b.open && a.views.length === b.views.length && a.views.every((view, i) => view === b.views[i]);
  if (a.type === 'day') return b.type === 'day';
  return a.type === b.type;
}

/** What stands after the line: for the bar above the list. */
export function newSince(rows: readonly Row[], me: string): { count: number; at: number } | null {
  const line = rows.findIndex((row) => row.type === 'divider');
  if (line < 0) return null;
  let count = 0;
  let at: number | null = null;
  for (const row of rows.slice(line)) {
    if (row.type !== 'message' || row.view.message.author_id === me || isPendingSend(row.view)) continue;
    at ??= timeOf(row.view);
    count++;
  }
  return at === null ? null : { count, at };
}

/** The row that shows a seq, or the next one after it that does; -1 when there is none. */
export function rowOfSeq(rows: readonly Row[], seq: number): number {
  let best = -1;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as Row;
    if (row.type === 'message' && !isPendingSend(row.view)) { if (row.view.message.seq >= seq) return i; best = i; }
    else if (row.type === 'folded' && (row.views[row.views.length - 1]?.message.seq ?? 0) >= seq) return i;
  }
  return best;
}
