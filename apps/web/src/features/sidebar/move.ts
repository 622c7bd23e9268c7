import { STARRED, type Section } from '@parley/shared/protocol/entities';
import type { Engine } from '@parley/shared/sync/api';

/** Puts a conversation into a section, before another one of it or at its end; null takes it out of the one that it is in. */
export function moveTo(engine: Engine, sections: readonly Section[], channelId: string, sectionId: string | null, before: string | null = null): void {
  if (sectionId === null) {
    const from = sections.find((section) => section.channel_ids.includes(channelId));
    if (from) void engine.putSection(from.id, { remove: [channelId] });
    return;
  }
  if (before === null || before === channelId) return void engine.putSection(sectionId, { add: [channelId] });
  const rest = (sections.find((section) => section.id === sectionId)?.channel_ids ?? []).filter((id) => id !== channelId);
  const at = rest.indexOf(before);
  void engine.putSection(sectionId, { channelIds: at === -1 ? [...rest, channelId] : [...rest.slice(0, at), channelId, ...rest.slice(at)] });
}

export function toggleStar(engine: Engine, channelId: string): void {
  const sections = engine.sections().get();
  const starred = sections.some((section) => section.id === STARRED && section.channel_ids.includes(channelId));
  moveTo(engine, sections, channelId, starred ? null : STARRED);
}

/** Moves an own section one place up or down; positions are dealt out anew, so that equal ones come apart. */
export function shiftSection(engine: Engine, sections: readonly Section[], id: string, by: 1 | -1): void {
  const order = sections.filter((section) => section.id !== STARRED).map((section) => section.id);
  const at = order.indexOf(id);
  const to = at + by;
  if (at === -1 || to < 0 || to >= order.length) return;
  [order[at], order[to]] = [order[to]!, order[at]!];
  order.forEach((one, position) => {
    if (sections.find((section) => section.id === one)?.position !== position + 1) void engine.putSection(one, { position: position + 1 });
  });
}
