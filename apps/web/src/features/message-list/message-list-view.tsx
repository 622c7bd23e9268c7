import { useVirtualizer, type Range, type Virtualizer } from '@tanstack/react-virtual';
import { ArrowDown } from 'lucide-react';
import type { MessageView, Timeline } from '@parley/shared/sync/api';
import { useCallback, useEffect, useImperativeHandle, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent, type Ref } from 'react';
import { useText } from '../../i18n/text.tsx';
import { useChannel, useConnection, useEngine } from '../../state/engine.tsx';
import { useReadable } from '../../state/readable.ts';
import { whenIdle } from '../../platform/when-idle.ts';
import { announce } from '../../ui/announce.ts';
import { ContextMenu } from '../../ui/menu.tsx';
import { cx } from '../../ui/cx.ts';
import { useChat } from '../message-text/chat-context.tsx';
import { AT_END_PX, anchoredTop, captureAnchor, NO_ANCHOR, type Anchor } from './anchor.ts';
import { deletes } from './deleting.ts';
import { estimateHeight, rememberHeight, type Setting } from './heights.ts';
import { ListContext, type ListActions } from './list-context.ts';
import { ListModel } from './list-model.ts';
import { sideOf, wantedLoads, type LoadRequest } from './loading.ts';
import styles from './message-list-view.module.css';
import { LazyMessageMenu } from './lazy-message-menu.tsx';
import { MessageRow } from './message-row.tsx';
import { Places, type Place } from './place.ts';
import type { ViewOfRows } from './read-logic.ts';
import { newSince, rowOfSeq, type GapRow, type Row, type RowPreferences } from './rows.ts';
import { DayPill, DayRow, DividerRow, FoldedRow, GapRowView, StartCard } from './small-rows.tsx';
import { useTimes } from './times.ts';
import { useMessageActs } from './use-message-acts.ts';
import { useReading } from './use-reading.ts';

/** A permalink, a search hit, a notification: where the list is asked to go. Another `token` asks anew. */
export interface JumpRequest { token: string | number; target: { seq: number } | { messageId: string } | { since: number }; flash?: boolean }

export interface MessageListHandle {
  /** Own sends go to the end, also from far up (LST-16). */
  toEnd(): void;
  focusLast(): void;
  /** Up in an empty composer (CMP-11); false when there is nothing to edit. */
  editLast(): boolean;
  lastMessage(): MessageView | null;
  /** RED-6: to the end, and read. */
  markRead(): void;
}

export interface MessageListViewProps {
  timeline: Timeline;
  channelId: string;
  rootId?: string | null;
  /** Names the feed: “Messages in {channel}”. */
  label: string;
  /** Where reading stands as the list opens. */
  readSeq: number;
  /** Looking at a channel without being in it: there is nothing to read. */
  readable?: boolean;
  jump?: JumpRequest | null;
  /** Something lies over the list: nothing counts as read. */
  covered?: boolean;
  onOpenThread(view: MessageView): void;
  onFocusComposer(): void;
  ref?: Ref<MessageListHandle>;
}

const OVERSCAN = 8;
/** Until the first rows are painted: the others are not waited for. */
const FIRST_OVERSCAN = 2;
const FLASH_MS = 2_000;
const places = new Places(typeof sessionStorage === 'undefined' ? null : safeSession());
if (typeof window !== 'undefined') window.addEventListener('pagehide', () => places.save());

/** Where a channel or thread was left, while there is a list of it to open. */
export const leftAt = (placeKey: string): Place | null => places.get(placeKey);

function safeSession(): Storage | null {
  try { return sessionStorage; } catch { return null; }
}

/** Where the view is being put until everything around is measured: until nothing has moved or grown for AIM_MS once there are messages, or a hand is on the list. */
type Aim = { kind: 'row'; key: string; offset: number; until: number } | { kind: 'end'; until: number };
const AIM_MS = 700;

export function MessageListView({ timeline, channelId, rootId = null, label, readSeq, readable = true, jump = null, covered = false, onOpenThread, onFocusComposer, ref }: MessageListViewProps) {
  const t = useText();
  const engine = useEngine();
  const times = useTimes();
  const { preferences, dayOf } = useChat();
  const channel = useChannel(channelId);
  const online = useConnection().kind !== 'offline';
  const me = engine.accountId;
  const placeKey = rootId ?? channelId;

  const scroller = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [opened, setOpened] = useState<ReadonlySet<string>>(() => new Set());
  const rowPreferences = useMemo<RowPreferences>(() => ({ me, dayOf, joins: preferences.joins, opened }), [me, dayOf, preferences.joins, opened]);
  const [model] = useState(() => new ListModel(timeline, rowPreferences, preferences.markRead === 'open' ? null : readSeq, { watching: () => document.hasFocus() && atEnd.current, hidden: (id) => deletes.has(id) }));
  useEffect(() => model.setPreferences(rowPreferences), [model, rowPreferences]);
  useEffect(() => deletes.subscribe(() => model.refresh()), [model]);
  const { rows, view, hasLine } = useReadable(model);
  const indexOf = useMemo(() => new Map(rows.map((row, i) => [row.key, i])), [rows]);
  const newest = rows[rows.length - 1];
  const openEnd = newest?.type === 'gap';

  const [activeKey, setActiveKey] = useState<string | null>(null);
  const [editing, setEditingKey] = useState<string | null>(null);
  const [held, setHeld] = useState<string | null>(null);
  const [flash, setFlash] = useState<string | null>(null);
  const [contextKey, setContextKey] = useState<string | null>(null);
  const [paused, setPaused] = useState(preferences.markRead === 'never');
  const [below, setBelow] = useState({ far: false, count: 0 });
  const [lineAbove, setLineAbove] = useState(false);
  const [loading, setLoading] = useState<{ before: number | null; after: number | null }>({ before: null, after: null });
  const wantsFocus = useRef<string | null>(null);
  const anchor = useRef<Anchor>(NO_ANCHOR);
  const setting = useRef<Setting>({ width: 800, compact: preferences.density === 'compact', size: 15 });
  setting.current.compact = preferences.density === 'compact';

  // Where to open: a jump, the line, the place one left, else the end.
  const [firstAim] = useState<Aim | null>(() => {
    if (jump) return null;
    const until = Number.POSITIVE_INFINITY;
    const third = Math.round((typeof window === 'undefined' ? 800 : window.innerHeight) / 3);
    if (preferences.openAt === 'left') {
      if (hasLine) return { kind: 'row', key: 'divider', offset: third, until };
      const place = places.get(placeKey);
      if (place && !place.atEnd && indexOf.has(place.key)) return { kind: 'row', key: place.key, offset: place.offset, until };
    }
    return { kind: 'end', until };
  });
  const aim = useRef<Aim | null>(firstAim);

  const keep = useMemo(() => new Set([activeKey !== null && scroller.current?.contains(document.activeElement) === true ? activeKey : null, editing, held].filter((key): key is string => key !== null)), [activeKey, editing, held]);
  const [overscan, setOverscan] = useState(FIRST_OVERSCAN);
  useEffect(() => whenIdle(() => setOverscan(OVERSCAN), 250), []);
  const rangeExtractor = useCallback((range: Range) => {
    const wanted = new Set<number>();
    for (let i = Math.max(0, range.startIndex - overscan); i <= Math.min(range.count - 1, range.endIndex + overscan); i++) wanted.add(i);
    for (const key of keep) { const i = indexOf.get(key); if (i !== undefined) wanted.add(i); }
    return [...wanted].sort((a, b) => a - b);
  }, [keep, indexOf, overscan]);

  const virtualizer = useVirtualizer<HTMLDivElement, HTMLDivElement>({
    count: rows.length,
    getScrollElement: () => scroller.current,
    getItemKey: useCallback((index: number) => (rows[index] as Row).key, [rows]),
    estimateSize: (index) => estimateHeight(rows[index] as Row, setting.current),
    measureElement: (element, entry, instance) => {
      const index = instance.indexFromElement(element);
      const row = rows[index];
      // Exact heights: rounded ones would add up to a shift.
      const size = entry?.borderBoxSize[0]?.blockSize ?? (row ? instance.itemSizeCache.get(row.key) : undefined) ?? element.getBoundingClientRect().height;
      if (row) rememberHeight(row, setting.current, size);
      return size;
    },
    rangeExtractor,
    paddingEnd: 8,
    anchorTo: 'end',
    followOnAppend: !openEnd,
    // Below an unloaded end the end is no place to hold on to.
    scrollEndThreshold: openEnd ? -1 : AT_END_PX,
    initialRect: { width: 800, height: typeof window === 'undefined' ? 800 : window.innerHeight },
    initialOffset: () => {
      let offset = 0;
      const target = firstAim?.kind === 'row' ? (indexOf.get(firstAim.key) ?? rows.length) : rows.length;
      for (let i = 0; i < target; i++) offset += estimateHeight(rows[i] as Row, setting.current);
      return Math.max(0, offset - (firstAim?.kind === 'row' ? firstAim.offset : window.innerHeight));
    },
  });
  // A row above the view changes: what is seen stays, whichever way one scrolls.
  virtualizer.shouldAdjustScrollPositionOnItemSizeChange = (item, _delta, instance) => {
    const top = instance.scrollOffset ?? 0;
    return instance.itemSizeCache.has(item.key) ? item.end <= top + 0.5 : item.start < top;
  };

  const startOf = useCallback((key: string): number | null => {
    const index = indexOf.get(key);
    return index === undefined ? null : (virtualizer.measurementsCache[index]?.start ?? null);
  }, [indexOf, virtualizer]);

  /** The height that the place was last kept for: one that changed since is the observer's to deal with. */
  const viewHeight = useRef(0);
  const capture = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    const items = virtualizer.getVirtualItems().map((item) => ({ key: String(item.key), start: item.start, size: item.size }));
    anchor.current = captureAnchor(items, element.scrollTop, viewHeight.current, element.scrollHeight);
    atEnd.current = !openEnd && anchor.current.atEnd;
  }, [virtualizer, openEnd]);

  /** Moves the view on purpose: until it has moved, there is no anchor to keep. */
  const command = useCallback((run: (list: Virtualizer<HTMLDivElement, HTMLDivElement>) => void) => {
    anchor.current = NO_ANCHOR;
    run(virtualizer);
  }, [virtualizer]);

  const toEnd = useCallback(() => {
    aim.current = { kind: 'end', until: performance.now() + AIM_MS };
    if (openEnd) void timeline.loadNewest().then(() => { aim.current = { kind: 'end', until: performance.now() + AIM_MS }; command((list) => list.scrollToEnd()); });
    else command((list) => list.scrollToEnd());
  }, [openEnd, timeline, command]);

  // LST-12, before paint: where an aim says, else where the anchor was. What the library has kept already needs nothing.
  const lastKey = useRef(newest?.key);
  const grownTo = useRef(0);
  const hasMessages = view.messages.length > 0;
  const settle = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    const most = Math.max(0, element.scrollHeight - element.clientHeight);
    const grown = element.scrollHeight !== grownTo.current;
    grownTo.current = element.scrollHeight;
    if (aim.current && hasMessages && (grown || aim.current.until === Number.POSITIVE_INFINITY)) aim.current.until = performance.now() + AIM_MS;
    if (aim.current && performance.now() > aim.current.until) aim.current = null;
    const goal = aim.current;
    const held = anchor.current;
    let wanted: number | null;
    if (goal?.kind === 'end') wanted = most;
    else if (goal) { const start = startOf(goal.key); wanted = start === null ? null : start - goal.offset; }
    else if (held.atEnd && !openEnd) wanted = most - (lastKey.current === newest?.key ? held.distance : 0);
    else wanted = anchoredTop(held, startOf);
    lastKey.current = newest?.key;
    viewHeight.current = element.clientHeight;
    if (wanted !== null) {
      const top = Math.max(0, Math.min(wanted, most));
      if (Math.abs(top - element.scrollTop) > 0.6) {
        if (top === most && (goal?.kind === 'end' || held.atEnd)) virtualizer.scrollToEnd();
        else virtualizer.scrollToOffset(top);
        if (goal) goal.until = performance.now() + AIM_MS;
      }
    }
    capture();
  }, [virtualizer, startOf, openEnd, newest, capture, hasMessages]);
  useLayoutEffect(settle);
  const settleNow = useRef(settle);
  useLayoutEffect(() => { settleNow.current = settle; });

  // A view of another height or width keeps its anchor; a scroll takes a new one before anything is drawn for it.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    setting.current.size = Number.parseFloat(getComputedStyle(element).fontSize) || 15;
    setting.current.width = element.clientWidth;
    const observer = new ResizeObserver(() => {
      setting.current.width = element.clientWidth;
      settleNow.current();
      look.current();
    });
    observer.observe(element);
    const onScroll = () => captureNow.current();
    element.addEventListener('scroll', onScroll, { passive: true, capture: true });
    return () => { observer.disconnect(); element.removeEventListener('scroll', onScroll, { capture: true }); };
  }, []);
  const captureNow = useRef(capture);
  useLayoutEffect(() => { captureNow.current = capture; });

  // Any hand on the list ends the aiming.
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const release = () => { aim.current = null; };
    for (const kind of ['wheel', 'touchstart', 'pointerdown', 'keydown'] as const) element.addEventListener(kind, release, { passive: true });
    return () => { for (const kind of ['wheel', 'touchstart', 'pointerdown', 'keydown'] as const) element.removeEventListener(kind, release); };
  }, []);

  // History (LST-10, LST-11): one request per direction, from the nearer side; a refused one waits for the network or a click.
  const inFlight = useRef({ before: false, after: false });
  const refused = useRef(new Set<string>());
  useEffect(() => { if (online) refused.current.clear(); }, [online]);
  const load = useCallback(({ row, side, seq }: LoadRequest, byHand: boolean) => {
    const id = `${side}:${row.fromSeq}-${row.toSeq}`;
    if (inFlight.current[side] || (!byHand && refused.current.has(id))) return;
    inFlight.current[side] = true;
    setLoading((was) => ({ ...was, [side]: row.fromSeq }));
    const count = timeline.get().messages.length;
    const call = side === 'before' ? timeline.loadBefore(seq) : timeline.loadAfter(seq);
    void call.then((shown) => {
      const more = timeline.get().messages.length - count;
      if (!shown || more === 0) refused.current.add(id);
      else if (side === 'before' && byHand) announce(t('chat.loaded', { n: more }));
      if (shown && timeline.get().ranges[0]?.fromSeq === timeline.get().firstSeq && side === 'before' && rootId === null) announce(t('chat.beginning', { channel: channel?.channel.name ?? '' }));
    }).finally(() => {
      inFlight.current[side] = false;
      setLoading((was) => ({ ...was, [side]: null }));
      // What came is drawn and measured first; then it is known whether more is wanted.
      requestAnimationFrame(() => look.current());
    });
  }, [timeline, t, rootId, channel]);

  const reading = useReading({
    position: readSeq,
    view: () => viewOfRows(virtualizer, rows, scroller.current, view.headSeq, openEnd),
    paused: () => paused || !readable,
    covered: () => covered || document.querySelector('[role=dialog][data-state=open]:not([data-radix-popper-content-wrapper] *)') !== null,
    onRead: (seq) => engine.read(channelId, seq, rootId),
  });

  const check = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    // The library learns of a jump by the scroll event only; the element knows at once.
    const top = element.scrollTop;
    const placeOf = (index: number) => { const item = virtualizer.measurementsCache[index]; return item ? { start: item.start, size: item.size } : null; };
    for (const request of wantedLoads(rows, placeOf, top, element.clientHeight)) load(request, false);
    capture();
    const far = openEnd || virtualizer.getTotalSize() - element.clientHeight - top > element.clientHeight;
    const lowest = virtualizer.getVirtualItemForOffset(top + element.clientHeight)?.index ?? rows.length - 1;
    let count = 0;
    if (far) for (let i = rows.length - 1; i > lowest; i--) { const row = rows[i] as Row; if (row.type === 'message' && row.view.message.seq > readSeq && row.view.message.author_id !== me) count++; else if (row.type === 'message' && row.view.message.seq <= readSeq) break; }
    setBelow((was) => (was.far === far && was.count === count ? was : { far, count }));
    const line = startOf('divider');
    setLineAbove(line !== null && line + 20 < top);
    const first = anchor.current.points.find((point) => rows[indexOf.get(point.key) ?? -1]?.type === 'message');
    const firstRow = first ? rows[indexOf.get(first.key) ?? -1] : undefined;
    // On the way to the end one has left the old place already: nothing may come after the jump that would say so.
    const toTheEnd = aim.current?.kind === 'end';
    if (first && firstRow?.type === 'message' && (aim.current === null || toTheEnd)) places.set(placeKey, { key: first.key, seq: firstRow.view.message.seq, offset: first.offset, atEnd: atEnd.current || toTheEnd });
    reading();
  }, [virtualizer, rows, load, capture, openEnd, readSeq, me, startOf, indexOf, placeKey, reading]);
  const look = useRef<() => void>(() => undefined);
  useEffect(() => { look.current = check; check(); }, [check]);
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const onScroll = () => look.current();
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => element.removeEventListener('scroll', onScroll);
  }, []);
  useEffect(() => () => { places.save(); }, []);
  useEffect(() => { if (readable && preferences.markRead === 'open' && view.headSeq > readSeq) engine.read(channelId, view.headSeq, rootId); }, [readable, preferences.markRead, view.headSeq, readSeq, engine, channelId, rootId]);

  // Jumps (LST-14): load around, paint, one third from the top, flash, focus.
  const jumpTo = useCallback(async (target: JumpRequest['target'], options: { flash: boolean; focus: boolean }) => {
    const found = await timeline.loadAround(target);
    if (found === false) { announce(t('chat.jump.failed'), 'now'); return; }
    model.refresh();
    const now = model.get().rows;
    const index = rowOfSeq(now, found.seq);
    const row = now[index];
    if (!row) return;
    if ('since' in target && row.type === 'message') announce(t('chat.jumped', { day: times.day(dayOf(Date.parse(row.view.message.created_at)), Date.parse(row.view.message.created_at)) }));
    aim.current = { kind: 'row', key: row.key, offset: Math.round((scroller.current?.clientHeight ?? 600) / 3), until: performance.now() + AIM_MS };
    if (options.focus) { wantsFocus.current = row.key; setActiveKey(row.key); }
    if (options.flash) { setFlash(row.key); setTimeout(() => setFlash((key) => (key === row.key ? null : key)), FLASH_MS); }
    command((list) => list.scrollToIndex(index, { align: 'center' }));
    setHeld(row.key);
    setTimeout(() => setHeld((key) => (key === row.key ? null : key)), AIM_MS);
  }, [timeline, model, t, times, dayOf, command]);
  const jumped = useRef<JumpRequest['token'] | null>(null);
  useEffect(() => {
    if (!jump || jumped.current === jump.token) return;
    jumped.current = jump.token;
    void jumpTo(jump.target, { flash: jump.flash !== false, focus: true });
  }, [jump, jumpTo]);

  const lastIndex = useCallback((test: (row: Row) => boolean): number => { for (let i = rows.length - 1; i >= 0; i--) if (test(rows[i] as Row)) return i; return -1; }, [rows]);
  const focusRow = useCallback((key: string) => {
    const index = indexOf.get(key);
    if (index === undefined) { onFocusComposer(); return; }
    setActiveKey(key);
    const element = rowElement(scroller.current, key);
    if (element) { element.focus({ preventScroll: true }); command((list) => list.scrollToIndex(index, { align: 'auto' })); return; }
    wantsFocus.current = key;
    setHeld(key);
    command((list) => list.scrollToIndex(index, { align: 'auto' }));
  }, [indexOf, command, onFocusComposer]);
  useLayoutEffect(() => {
    const key = wantsFocus.current;
    if (key === null) return;
    const element = rowElement(scroller.current, key);
    if (!element) return;
    wantsFocus.current = null;
    element.focus({ preventScroll: true });
  });

  const markRead = useCallback(() => {
    if (readable) engine.read(channelId, view.headSeq, rootId);
    model.setLine(null);
    toEnd();
  }, [engine, channelId, readable, view.headSeq, rootId, model, toEnd]);

  const actions = useMemo<ListActions>(() => ({
    channelId, rootId,
    openThread: onOpenThread,
    setEditing: setEditingKey,
    markUnread: (message) => {
      setPaused(true);
      model.setLine({ afterSeq: message.message.seq - 1 });
      void engine.markUnread(channelId, message.message.seq, rootId);
    },
    focusComposer: onFocusComposer,
    focusRow,
    toggleFold: (key) => setOpened((was) => { const next = new Set(was); if (!next.delete(key)) next.add(key); return next; }),
    jumpToSince: (at) => void jumpTo({ since: at }, { flash: false, focus: true }),
    jumpToSeq: (seq) => void jumpTo({ seq: Math.max(seq, model.get().view.firstSeq) }, { flash: false, focus: true }),
    jumpToFirstUnread: () => { const at = model.get().rows.findIndex((row) => row.type === 'divider'); if (at < 0) toEnd(); else { aim.current = { kind: 'row', key: 'divider', offset: Math.round((scroller.current?.clientHeight ?? 600) / 3), until: performance.now() + AIM_MS }; command((list) => list.scrollToIndex(at, { align: 'start' })); } },
    jumpToNewest: toEnd,
    hold: (key, on) => setHeld((was) => (on ? key : was === key ? null : was)),
  }), [channelId, rootId, onOpenThread, model, engine, onFocusComposer, focusRow, jumpTo, toEnd, command]);

  useImperativeHandle(ref, () => ({
    toEnd,
    focusLast: () => { const row = rows[lastIndex((r) => r.type === 'message')]; if (row) focusRow(row.key); },
    editLast: () => {
      const row = rows[lastIndex((r) => r.type === 'message' && r.view.message.author_id === me && !r.view.message.deleted && r.view.message.kind !== 'system' && r.view.pending?.act !== 'send')];
      if (row?.type !== 'message') return false;
      setEditingKey(row.key);
      command((list) => list.scrollToIndex(indexOf.get(row.key) ?? 0, { align: 'auto' }));
      return true;
    },
    lastMessage: () => { const row = rows[lastIndex((r) => r.type === 'message')]; return row?.type === 'message' ? row.view : null; },
    markRead,
  }), [toEnd, rows, lastIndex, focusRow, me, indexOf, command, markRead]);

  // The keys of the list (LST-33).
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.nativeEvent.isComposing || event.defaultPrevented) return;
    const target = event.target as HTMLElement;
    const rowNode = target.closest<HTMLElement>('[data-row]');
    if (!rowNode || target.closest('[data-composer]')) return;
    const key = rowNode.dataset['row'] ?? '';
    const index = indexOf.get(key) ?? -1;
    if (target !== rowNode) { insideRow(event, rowNode, target); return; }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = (direction: 1 | -1) => {
      for (let i = index + direction; i >= 0 && i < rows.length; i += direction) {
        const row = rows[i] as Row;
        if (row.type === 'message') { focusRow(row.key); return; }
        if (row.type === 'gap') { load(sideOf(row, direction === 1), true); return; }
      }
      if (direction === 1) onFocusComposer();
    };
    const page = (direction: 1 | -1) => {
      const height = (scroller.current?.clientHeight ?? 600) * 0.8;
      const goal = (virtualizer.measurementsCache[index]?.start ?? 0) + direction * height;
      let at = virtualizer.getVirtualItemForOffset(Math.max(0, goal))?.index ?? index;
      while (at > 0 && at < rows.length - 1 && rows[at]?.type !== 'message') at += direction;
      const row = rows[at];
      if (row?.type === 'message') focusRow(row.key);
    };
    const single = preferences.singleKeys && !event.shiftKey;
    const acts: Record<string, (() => void) | undefined> = {
      ArrowUp: () => step(-1), ArrowDown: () => step(1), k: single ? () => step(-1) : undefined, j: single ? () => step(1) : undefined,
      PageUp: () => page(-1), PageDown: () => page(1),
      Home: () => { const line = rows.findIndex((row) => row.type === 'divider'); const row = rows.slice(Math.max(0, line)).find((r) => r.type === 'message'); if (row) focusRow(row.key); },
      End: () => { toEnd(); const row = rows[lastIndex((r) => r.type === 'message')]; if (row) { wantsFocus.current = row.key; setActiveKey(row.key); setHeld(row.key); } },
      Enter: () => focusables(rowNode)[0]?.focus(),
      Escape: onFocusComposer,
    };
    const act = acts[event.key] ?? acts[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };

  const messageKeys = useMemo(() => rows.filter((row) => row.type === 'message').map((row) => row.key), [rows]);
  const positions = useMemo(() => new Map(messageKeys.map((key, i) => [key, i + 1])), [messageKeys]);
  const tabStop = activeKey !== null && indexOf.has(activeKey) ? activeKey : (messageKeys[messageKeys.length - 1] ?? null);
  const allLoaded = !rows.some((row) => row.type === 'gap');
  const items = virtualizer.getVirtualItems();
  // The tab stop must be in the page; without it the list could not be entered.
  const stopMounted = items.some((item) => item.key === tabStop);
  const lastMounted = [...items].reverse().map((item) => rows[item.index] as Row).find((row) => row.type === 'message')?.key;
  const since = hasLine && lineAbove ? newSince(rows, me) : null;
  const top = virtualizer.scrollOffset ?? 0;
  const floating = virtualizer.isScrolling ? lastDay(rows, virtualizer.getVirtualItemForOffset(top + 20)?.index ?? 0) : null;
  const contextRow = contextKey === null ? undefined : rows[indexOf.get(contextKey) ?? -1];

  return (
    <ListContext.Provider value={actions}>
      <div className={styles.frame}>
        {since && (
          <div className={styles.newBar}>
            <span>{t('chat.new_since', { n: since.count, time: times.short(since.at) })}</span>
            <button type="button" onClick={actions.jumpToFirstUnread}>{t('chat.new_jump')}</button>
            <button type="button" onClick={markRead}>{t('chat.mark_read')}</button>
          </div>
        )}
        {floating && <div className={cx(styles.floating, since !== null && styles.lower)} aria-hidden="true"><DayPill day={floating.day} at={floating.at} /></div>}
        <ContextMenu label={t('chat.more_acts')} onOpenChange={(open) => { if (!open) setContextKey(null); }} trigger={
          <div ref={scroller} className={styles.scroller} onKeyDown={onKeyDown}
            onContextMenu={(event) => {
              const key = (event.target as HTMLElement).closest<HTMLElement>('[data-row]')?.dataset['row'];
              const row = key === undefined ? undefined : rows[indexOf.get(key) ?? -1];
              // Text and links keep the browser's own menu, and so does what is no message.
              if (row?.type !== 'message' || (event.target as HTMLElement).closest('a,textarea,[contenteditable]') || window.getSelection()?.isCollapsed === false) { event.stopPropagation(); setContextKey(null); return; }
              setContextKey(row.key);
            }}>
            <div className={styles.spacer} role="feed" aria-label={label} aria-busy={loading.before !== null || loading.after !== null} style={{ blockSize: `${virtualizer.getTotalSize()}px` }}
              onFocus={(event) => { const key = (event.target as HTMLElement).closest<HTMLElement>('[data-row]')?.dataset['row']; if (key !== undefined) setActiveKey(key); }}>
              {items.map((item) => {
                const row = rows[item.index] as Row;
                const above = rows[item.index - 1];
                return (
                  <div key={item.key} ref={virtualizer.measureElement} data-index={item.index} className={styles.item} style={{ top: `${item.start}px` }}>
                    {row.type === 'message' ? (
                      <MessageRow view={row.view} follows={row.follows} active={row.key === (stopMounted ? tabStop : lastMounted)} editing={row.key === editing} flash={row.key === flash} position={positions.get(row.key) ?? 1} setSize={allLoaded ? messageKeys.length : -1} underLine={above?.type !== 'message'} />
                    ) : <div role="article"><OtherRow row={row} channelId={channelId} loading={loading} load={load} /></div>}
                  </div>
                );
              })}
            </div>
          </div>
        }>
          {contextRow?.type === 'message' && <ContextItems view={contextRow.view} />}
        </ContextMenu>
        {below.far && (
          <button type="button" className={styles.latest} onClick={toEnd}>
            <ArrowDown size={16} aria-hidden="true" />{t('chat.latest')}{below.count > 0 && <span className={styles.badge}>{below.count}</span>}
          </button>
        )}
      </div>
    </ListContext.Provider>
  );
}

function ContextItems({ view }: { view: MessageView }) {
  const channel = useChannel(view.message.channel_id);
  return <LazyMessageMenu acts={useMessageActs(view, channel)} />;
}

function OtherRow({ row, channelId, loading, load }: { row: Exclude<Row, { type: 'message' }>; channelId: string; loading: { before: number | null; after: number | null }; load(request: LoadRequest, byHand: boolean): void }) {
  switch (row.type) {
    case 'start': return <StartCard channelId={channelId} />;
    case 'day': return <DayRow day={row.day} at={row.at} />;
    case 'divider': return <DividerRow />;
    case 'folded': return <FoldedRow rowKey={row.key} views={row.views} open={row.open} />;
    case 'gap': return <GapRowView row={row satisfies GapRow} loading={loading.before === row.fromSeq || loading.after === row.fromSeq} onLoad={() => load(sideOf(row, false), true)} />;
  }
}

const rowElement = (root: HTMLElement | null, key: string): HTMLElement | null => root?.querySelector<HTMLElement>(`[data-row="${CSS.escape(key)}"]`) ?? null;
const focusables = (row: HTMLElement): HTMLElement[] => [...row.querySelectorAll<HTMLElement>('a[href],button:not(:disabled),[tabindex="0"]')].filter((element) => element.offsetParent !== null);

/** Tab and arrows walk inside a row, Esc comes out. */
function insideRow(event: KeyboardEvent, row: HTMLElement, target: HTMLElement): void {
  const direction = event.key === 'Tab' ? (event.shiftKey ? -1 : 1) : event.key === 'ArrowRight' || event.key === 'ArrowDown' ? 1 : event.key === 'ArrowLeft' || event.key === 'ArrowUp' ? -1 : 0;
  if (event.key !== 'Escape' && direction === 0) return;
  event.preventDefault();
  event.stopPropagation();
  const all = focusables(row);
  const next = all[all.indexOf(target) + direction];
  if (event.key === 'Escape' || !next) row.focus();
  else next.focus();
}

function lastDay(rows: readonly Row[], from: number): { day: string; at: number } | null {
  for (let i = Math.min(from, rows.length - 1); i >= 0; i--) { const row = rows[i] as Row; if (row.type === 'day') return row; }
  return null;
}

function viewOfRows(virtualizer: Virtualizer<HTMLDivElement, HTMLDivElement>, rows: readonly Row[], element: HTMLElement | null, headSeq: number, openEnd: boolean): ViewOfRows | null {
  if (!element || element.clientHeight === 0) return null;
  const top = element.scrollTop;
  const bottom = top + element.clientHeight + 1;
  const seqOf = (row: Row): number => (row.type === 'message' ? (row.view.pending?.act === 'send' ? 0 : row.view.message.seq) : row.type === 'folded' ? (row.views[row.views.length - 1]?.message.seq ?? 0) : row.type === 'gap' ? row.toSeq : 0);
  const lowerEdges: number[] = [];
  let first = -1;
  let last = -1;
  for (const item of virtualizer.getVirtualItems()) {
    if (item.end <= top || item.start >= bottom) continue;
    if (first < 0) first = item.index;
    const row = rows[item.index];
    if (!row || row.type === 'gap' || item.end > bottom) continue;
    const seq = seqOf(row);
    if (seq > 0) { lowerEdges.push(seq); last = item.index; }
  }
  if (first < 0) return null;
  let above = 0;
  for (let i = first - 1; i >= 0 && above === 0; i--) above = seqOf(rows[i] as Row);
  const reached = !openEnd && last >= 0 && rows.slice(last + 1).every((row) => seqOf(row) === 0);
  return { lowerEdges, above, reachedHead: reached ? headSeq : null };
}
