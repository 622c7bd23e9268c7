import { STARRED, type Section, type User } from '@parley/shared/protocol/entities';
import type { ChannelView } from '@parley/shared/sync/api';

export interface Sections {
  starred: readonly ChannelView[];
  /** The person's own sections, each in the order that was made by hand. */
  own: readonly { section: Section; rows: readonly ChannelView[] }[];
  rooms: readonly ChannelView[];
  direct: readonly ChannelView[];
}

const isDirect = (view: ChannelView) => view.channel.kind === 'dm' || view.channel.kind === 'group_dm';

/** LAY-6: starred ones and own sections by hand, then rooms from A to Z, conversations by their latest message. Empty conversations and archived rooms show only while one is there. */
export function sectionsOf(views: readonly ChannelView[], language: string, current: string | null, sections: readonly Section[] = []): Sections {
  const collator = new Intl.Collator(language, { numeric: true, sensitivity: 'base' });
  const byId = new Map(views.map((view) => [view.id, view]));
  const rowsOf = (section: Section) => section.channel_ids.flatMap((id) => byId.get(id) ?? []).filter((view) => !view.channel.archived || view.id === current);
  const starred = sections.filter((section) => section.id === STARRED).flatMap(rowsOf);
  const own = sections.filter((section) => section.id !== STARRED).map((section) => ({ section, rows: rowsOf(section) }));
  const placed = new Set(sections.flatMap((section) => section.channel_ids));
  const rooms = views.filter((view) => !placed.has(view.id) && !isDirect(view) && (!view.channel.archived || view.id === current));
  const direct = views.filter((view) => !placed.has(view.id) && isDirect(view) && (view.headSeq > 0 || view.id === current));
  return {
    starred, own,
    rooms: rooms.sort((a, b) => collator.compare(a.channel.name, b.channel.name) || a.id.localeCompare(b.id)),
    direct: direct.sort((a, b) => (b.lastMessageAt ?? '').localeCompare(a.lastMessageAt ?? '') || a.id.localeCompare(b.id)),
  };
}

/** Whether two lists hold the same rows, so that re-sorting may wait while the pointer is inside. */
export function sameRows(a: readonly ChannelView[], b: readonly ChannelView[]): boolean {
  return a.length === b.length && new Set(a.map((view) => view.id)).size === new Set([...a, ...b].map((view) => view.id)).size;
}

/** The rows of `now` in the order of `before`. */
export function inOrderOf(now: readonly ChannelView[], before: readonly ChannelView[]): readonly ChannelView[] {
  const byId = new Map(now.map((view) => [view.id, view]));
  return before.flatMap((view) => byId.get(view.id) ?? []);
}

export type People = ReadonlyMap<string, User>;
