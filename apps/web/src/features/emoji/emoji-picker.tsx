import type { CustomEmoji } from '@parley/shared/protocol/entities';
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { useText } from '../../i18n/text.tsx';
import { useCustomEmoji } from '../../state/engine.tsx';
import { useMay } from '../../state/permission.ts';
import { openDialog } from '../../state/screen.ts';
import { cx } from '../../ui/cx.ts';
import { useChat } from '../message-text/chat-context.tsx';
import { customByName, CustomPicture, reactionOf, writtenName } from './custom.tsx';
import styles from './emoji-picker.module.css';
import type { EmojiIndex } from './emoji-index.ts';
import { withTone, type Emoji } from './pack.ts';
import { recentEmoji, rememberEmoji, rememberTone, toneOf } from './recent.ts';
import { useEmojiIndex } from './use-emoji.ts';

const GROUPS = [0, 1, 3, 4, 5, 6, 7, 8, 9] as const;
const COLUMNS = 9;
const ROW_PX = 36;
const VIEW_ROWS = 8;

/** One of Unicode's or of the workspace's own, whose glyph is its name between colons. */
type Choice = Emoji & { own?: CustomEmoji };
type Line = { kind: 'title'; group: number | 'recent' | 'found' | 'custom' } | { kind: 'emoji'; emoji: readonly Choice[]; first: number };

export interface EmojiPickerProps {
  /** Given skin tone for emoji without a choice of their own. */
  skinTone: number;
  /** `more`: Shift+Enter was pressed, the picker stays open. */
  onPick(glyph: string, more: boolean): void;
  onClose(): void;
}

/** CMP-16: recent first, search in one's language and English, a grid with roving focus; only rows in view are drawn. */
export function EmojiPicker({ skinTone, onPick, onClose }: EmojiPickerProps) {
  const t = useText();
  const id = useId();
  const index = useEmojiIndex();
  const [query, setQuery] = useState('');
  const [active, setActive] = useState(0);
  const [top, setTop] = useState(0);
  const scroller = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const [recent] = useState(recentEmoji);
  const [, toned] = useState(0);
  const { workspaceId } = useChat();
  const custom = useCustomEmoji(workspaceId);
  const may = useMay(workspaceId, null)('workspace.groups_emoji');

  const { lines, all } = useMemo(() => layOut(index, query, recent, custom), [index, query, recent, custom]);
  useEffect(() => search.current?.focus(), []);
  useEffect(() => { setActive(0); setTop(0); if (scroller.current) scroller.current.scrollTop = 0; }, [query]);

  const toneFor = (emoji: Emoji) => (emoji.toned ? toneOf(emoji.glyph, skinTone) : 0);
  const pick = (emoji: Choice | undefined, more: boolean) => {
    if (!emoji) return;
    const glyph = withTone(emoji.glyph, toneFor(emoji));
    rememberEmoji(glyph);
    onPick(glyph, more);
    if (!more) onClose();
  };
  const show = (next: number) => {
    const bounded = Math.max(0, Math.min(all.length - 1, next));
    setActive(bounded);
    const line = lines.findIndex((l) => l.kind === 'emoji' && bounded >= l.first && bounded < l.first + l.emoji.length);
    const box = scroller.current;
    if (!box || line < 0) return;
    if (line * ROW_PX < box.scrollTop) box.scrollTop = Math.max(0, (line - 1) * ROW_PX);
    else if ((line + 1) * ROW_PX > box.scrollTop + box.clientHeight) box.scrollTop = (line + 1) * ROW_PX - box.clientHeight;
  };
  const vertical = (step: 1 | -1) => {
    const rows = lines.filter((l): l is Extract<Line, { kind: 'emoji' }> => l.kind === 'emoji');
    const at = rows.findIndex((l) => active >= l.first && active < l.first + l.emoji.length);
    const here = rows[at];
    const next = rows[at + step];
    if (here && next) show(next.first + Math.min(active - here.first, next.emoji.length - 1));
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const rtl = document.documentElement.dir === 'rtl';
    const inField = event.target === search.current && query !== '';
    const act: Record<string, (() => void) | undefined> = {
      ArrowDown: () => vertical(1), ArrowUp: () => vertical(-1),
      ...(inField ? {} : { ArrowRight: () => show(active + (rtl ? -1 : 1)), ArrowLeft: () => show(active + (rtl ? 1 : -1)), Home: () => show(0), End: () => show(all.length - 1) }),
      PageDown: () => { for (let i = 0; i < VIEW_ROWS; i++) vertical(1); },
      Enter: () => pick(all[active], event.shiftKey),
      Escape: onClose,
    };
    const run = act[event.key];
    if (!run) return;
    event.preventDefault();
    event.stopPropagation();
    run();
  };
  const first = Math.max(0, Math.floor(top / ROW_PX) - 2);
  const visible = lines.slice(first, first + VIEW_ROWS + 5);
  const current = all[active];

  return (
    <div className={styles.picker} onKeyDown={onKey}>
      <input ref={search} className={styles.search} type="text" aria-controls={`${id}grid`} aria-activedescendant={current ? `${id}${active}` : undefined}
        aria-label={t('chat.emoji.search')} placeholder={t('chat.emoji.search')} value={query} onChange={(e) => setQuery(e.target.value)} autoComplete="off" spellCheck={false} />
      <div ref={scroller} className={styles.scroller} onScroll={(e) => setTop(e.currentTarget.scrollTop)} tabIndex={-1}>
        <div id={`${id}grid`} role="grid" aria-label={t('chat.emoji.label')} aria-rowcount={lines.length} className={styles.grid} style={{ blockSize: `${lines.length * ROW_PX}px` }}>
          {index === null && <p className={styles.note}>{t('chat.loading')}</p>}
          {index !== null && all.length === 0 && <p className={styles.note}>{t('chat.emoji.none')}</p>}
          {visible.map((line, i) => {
            const at = first + i;
            const style = { insetBlockStart: `${at * ROW_PX}px` };
            if (line.kind === 'title') {
              return <div key={at} role="row" aria-rowindex={at + 1} className={styles.title} style={style}><span role="rowheader">{line.group === 'recent' ? t('chat.emoji.recent') : line.group === 'found' ? t('chat.emoji.found') : line.group === 'custom' ? t('chat.emoji.custom') : t(`chat.emoji.group.${line.group as (typeof GROUPS)[number]}`)}</span></div>;
            }
            return (
              <div key={at} role="row" aria-rowindex={at + 1} className={styles.row} style={style}>
                {line.emoji.map((emoji, column) => (
                  <button key={column} id={`${id}${line.first + column}`} type="button" role="gridcell" tabIndex={active === line.first + column ? 0 : -1} aria-selected={active === line.first + column} aria-label={emoji.label}
                    className={cx(styles.cell, active === line.first + column && styles.active)} onPointerMove={() => setActive(line.first + column)} onMouseDown={(e) => e.preventDefault()} onClick={(e) => pick(emoji, e.shiftKey)}>
                    {emoji.own ? <CustomPicture emoji={emoji.own} named /> : withTone(emoji.glyph, toneFor(emoji))}
                  </button>
                ))}
              </div>
            );
          })}
        </div>
      </div>
      <div className={styles.foot}>
        <span className={styles.big} aria-hidden="true">{current ? (current.own ? <CustomPicture emoji={current.own} named /> : withTone(current.glyph, toneFor(current))) : ''}</span>
        <span className={styles.name}>{current ? (current.own ? current.glyph : `${current.label} :${current.names[0] ?? ''}:`) : ''}</span>
        {may && !current?.toned && <button type="button" className={styles.add} onClick={() => { onClose(); openDialog({ kind: 'emoji' }); }}>{t('chat.emoji.add')}</button>}
        {current?.toned && (
          <span role="group" aria-label={t('chat.emoji.tone')} className={styles.tones}>
            {[0, 1, 2, 3, 4, 5].map((tone) => (
              <button key={tone} type="button" aria-label={t('chat.emoji.tone_n', { n: tone })} aria-pressed={toneFor(current) === tone} onClick={() => { rememberTone(current.glyph, tone); toned((n) => n + 1); }}>{withTone('✋', tone)}</button>
            ))}
          </span>
        )}
      </div>
    </div>
  );
}

function layOut(index: EmojiIndex | null, query: string, recent: readonly string[], custom: readonly CustomEmoji[]): { lines: Line[]; all: Choice[] } {
  const lines: Line[] = [];
  const all: Choice[] = [];
  const add = (group: Extract<Line, { kind: 'title' }>['group'], emoji: readonly Choice[]) => {
    if (emoji.length === 0) return;
    lines.push({ kind: 'title', group });
    for (let i = 0; i < emoji.length; i += COLUMNS) {
      lines.push({ kind: 'emoji', emoji: emoji.slice(i, i + COLUMNS), first: all.length });
      all.push(...emoji.slice(i, i + COLUMNS));
    }
  };
  const choice = (own: CustomEmoji): Choice => ({ glyph: writtenName(own.name), group: -1, toned: false, names: [own.name], label: own.name, words: [], own });
  const wanted = query.trim().toLowerCase();
  if (wanted !== '') {
    add('custom', custom.filter((own) => own.name.includes(wanted)).slice(0, 90).map(choice));
    add('found', index?.search(query, 90, recent) ?? []);
    return { lines, all };
  }
  const known = (glyph: string): Choice | null => {
    const own = customByName(custom, reactionOf(glyph));
    return own && glyph !== own.name ? choice(own) : (index?.byGlyph(glyph) ?? null);
  };
  add('recent', recent.map(known).filter((e): e is Choice => e !== null).slice(0, 2 * COLUMNS));
  add('custom', custom.map(choice));
  for (const group of GROUPS) add(group, index?.emoji.filter((e) => e.group === group) ?? []);
  return { lines, all };
}
