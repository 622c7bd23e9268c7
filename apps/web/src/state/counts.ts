import type { Saved, Thread } from '@parley/shared/protocol/entities';
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

/** What the engine knows that waits for somebody. */
export interface BadgeFacts {
  channels: readonly ChannelView[];
  threads: readonly Thread[];
  saved: readonly Saved[];
}

/** BDG-1, all that is no row: followed threads with unread, due reminders, and the sum of everything for title, icon and rail. */
export interface Badges {
  threads: number;
  later: number;
  number: number;
  dot: boolean;
}

/** BDG-2: the one place that counts. Threads and reminders are of the channels that are given, and of no channel. */
export function badgesOf({ channels, threads, saved }: BadgeFacts): Badges {
  const unread = threads.filter((thread) => thread.following && thread.unread > 0).length;
  const later = saved.filter((one) => one.state === 'progress' && one.reminded_at != null).length;
  const rows = channels.map(rowBadge);
  return { threads: unread, later, number: rows.reduce((sum, row) => sum + row.number, unread + later), dot: unread > 0 || rows.some((row) => row.bold) };
}
