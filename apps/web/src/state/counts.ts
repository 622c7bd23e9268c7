import type { ChannelView } from '@parley/shared/sync/api';

/** BDG-1: how one row of the sidebar looks, from the engine's counts. */
export interface RowBadge {
  bold: boolean;
  /** Zero shows none. */
  number: number;
  unread: number;
  mentions: number;
  muted: boolean;
}

export function rowBadge(view: ChannelView): RowBadge {
  const unread = view.unread ?? 0;
  const mentions = view.mentions ?? 0;
  const muted = view.membership?.muted === true;
  const direct = view.channel.kind === 'dm' || view.channel.kind === 'group_dm';
  return { unread, mentions, muted, bold: unread > 0 && !muted, number: direct && !muted ? unread : mentions };
}

/** The sum for tab title, favicon and rail: rows and followed threads. */
export function totalBadge(views: readonly ChannelView[], threads: number): { number: number; dot: boolean } {
  let number = threads;
  let dot = threads > 0;
  for (const view of views) {
    const row = rowBadge(view);
    number += row.number;
    dot ||= row.bold;
  }
  return { number, dot };
}
