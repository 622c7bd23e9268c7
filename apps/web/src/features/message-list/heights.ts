import { heightOfCards } from '../cards/boxes.ts';
import { heightOfFiles } from '../files/boxes.ts';
import type { Row } from './rows.ts';

/** Heights of rows that were seen, by (key, rev, width, density): what an unseen row is taken to be until it is measured. */
const KEPT = 20_000;
const known = new Map<string, number>();

const FIXED: Partial<Record<Row['type'], number>> = { gap: 56, divider: 20, day: 44, start: 140, folded: 26 };

export interface Setting { width: number; compact: boolean; size: number }

const keyOf = (row: Row, { width, compact, size }: Setting): string => `${row.key}|${row.type === 'message' ? `${row.view.message.rev}${row.follows ? '+' : ''}` : ''}|${width}|${compact ? 'c' : ''}${size}`;

export function rememberHeight(row: Row, setting: Setting, height: number): void {
  if (known.size > KEPT) known.clear();
  known.set(keyOf(row, setting), height);
}

export function estimateHeight(row: Row, setting: Setting): number {
  const fixed = FIXED[row.type];
  if (row.type !== 'message') return row.type === 'folded' || row.type === 'day' || row.type === 'start' ? (known.get(keyOf(row, setting)) ?? fixed ?? 40) : (fixed ?? 40);
  return known.get(keyOf(row, setting)) ?? guess(row, setting);
}

function guess(row: Extract<Row, { type: 'message' }>, { width, compact, size }: Setting): number {
  const { message } = row.view;
  const perLine = Math.max(20, (width - 90) / (size * 0.48));
  let lines = 0;
  let from = 0;
  for (let i = 0; i < 40; i++) {
    const to = message.content.indexOf('\n', from);
    lines += Math.max(1, Math.ceil(((to < 0 ? message.content.length : to) - from) / perLine));
    if (to < 0) break;
    from = to + 1;
  }
  const padding = compact ? 2 : row.follows ? 4 : 10;
  if (message.content === '' && message.files.length > 0) lines = 0;
  const files = message.deleted || message.files.length === 0 ? 0 : heightOfFiles(message.files, width - 90);
  return padding + (row.follows || compact ? 0 : 22) + files + Math.min(lines, 28) * Math.round(size * 1.4667) + (message.reactions.length > 0 ? 36 : 0) + (message.thread ? 34 : 0) + heightOfCards(message);
}
