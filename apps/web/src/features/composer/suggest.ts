import type { CustomEmoji } from '@parley/shared/protocol/entities';

/** What is suggested, best first; pure, so that 20,000 names are ranked within a frame. */

export interface PersonCandidate { id: string; display_name: string; username: string; deactivated: boolean; is_bot: boolean; member: boolean }
export interface ChannelCandidate { id: string; name: string; isPrivate: boolean; archived: boolean }

export interface GroupCandidate { id: string; name: string; handle: string; member_count: number; archived: boolean }

export type Suggestion =
  | { kind: 'person'; key: string; id: string; name: string; username: string; outside: boolean; insert: string }
  | { kind: 'group'; key: string; id: string; name: string; handle: string; count: number; insert: string }
  | { kind: 'everyone'; key: string; scope: 'channel' | 'here'; insert: string; allowed: boolean }
  | { kind: 'channel'; key: string; id: string; name: string; isPrivate: boolean; insert: string }
  | { kind: 'emoji'; key: string; glyph: string; name: string; insert: string; own?: CustomEmoji };

const SHOWN = 8;
export const fold = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

/** 0: begins with it; 1: a later word does; 2: inside; -1: not at all. */
export function match(query: string, ...names: string[]): number {
  let best = -1;
  for (const name of names) {
    const folded = fold(name);
    const at = folded.indexOf(query);
    if (at < 0) continue;
    const score = at === 0 ? 0 : /[\s._-]/.test(folded[at - 1] ?? '') ? 1 : 2;
    if (best < 0 || score < best) best = score;
  }
  return best;
}

export function suggestPeople(query: string, people: readonly PersonCandidate[], recent: readonly string[], everyone: { allowed: boolean } | null): Suggestion[] {
  const wanted = fold(query.trim());
  const used = new Map(recent.map((id, i) => [id, i]));
  const found: { person: PersonCandidate; score: number }[] = [];
  for (const person of people) {
    if (person.deactivated) continue;
    const at = wanted === '' ? 0 : match(wanted, person.display_name, person.username);
    if (at < 0) continue;
    // Members first, then by use, then how well it matches.
    found.push({ person, score: (person.member ? 0 : 10_000) + (used.has(person.id) ? (used.get(person.id) ?? 0) : 1_000) + at * 100 });
  }
  found.sort((a, b) => a.score - b.score || (a.person.display_name < b.person.display_name ? -1 : 1));
  const out: Suggestion[] = found.slice(0, SHOWN).map(({ person }) => ({ kind: 'person', key: person.id, id: person.id, name: person.display_name, username: person.username, outside: !person.member, insert: `<@${person.id}> ` }));
  if (everyone && wanted !== '') {
    for (const scope of ['channel', 'here'] as const) if (scope.startsWith(wanted)) out.unshift({ kind: 'everyone', key: scope, scope, insert: `<!${scope}> `, allowed: everyone.allowed });
  } else if (everyone) for (const scope of ['channel', 'here'] as const) out.push({ kind: 'everyone', key: scope, scope, insert: `<!${scope}> `, allowed: everyone.allowed });
  return out;
}

/** Groups among people: where the name matches as well, after those one writes to and before those one does not know. */
export function suggestGroups(query: string, groups: readonly GroupCandidate[], people: readonly Suggestion[]): Suggestion[] {
  const wanted = fold(query.trim());
  const found = groups
    .map((group) => ({ group, score: wanted === '' ? 0 : match(wanted, group.handle, group.name) }))
    .filter(({ group, score }) => score >= 0 && !group.archived && group.member_count > 0)
    .sort((a, b) => a.score - b.score || (a.group.handle < b.group.handle ? -1 : 1))
    .slice(0, wanted === '' ? 3 : SHOWN)
    .map(({ group, score }) => ({ score, shown: { kind: 'group' as const, key: group.id, id: group.id, name: group.name, handle: group.handle, count: group.member_count, insert: `<!group^${group.id}> ` } }));
  if (wanted === '') return [...people, ...found.map((f) => f.shown)];
  // Whose handle is what was typed comes first; the others follow the people of this channel.
  const exact = found.filter((f) => f.shown.handle === wanted).map((f) => f.shown);
  const at = people.findIndex((s) => s.kind === 'person' && s.outside);
  const split = at < 0 ? people.length : at;
  return [...exact, ...people.slice(0, split), ...found.map((f) => f.shown).filter((s) => !exact.includes(s)), ...people.slice(split)];
}

/** The workspace's own emoji whose names begin with the word or hold it. */
export function suggestCustom(query: string, custom: readonly CustomEmoji[]): Suggestion[] {
  const wanted = query.toLowerCase();
  return custom
    .filter((own) => own.name.includes(wanted))
    .sort((a, b) => a.name.indexOf(wanted) - b.name.indexOf(wanted) || (a.name < b.name ? -1 : 1))
    .slice(0, SHOWN / 2)
    .map((own) => ({ kind: 'emoji', key: own.id, glyph: '', name: own.name, insert: `:${own.name}: `, own }));
}

export function suggestChannels(query: string, channels: readonly ChannelCandidate[]): Suggestion[] {
  const wanted = fold(query);
  return channels
    .map((channel) => ({ channel, score: wanted === '' ? 0 : match(wanted, channel.name) + (channel.archived ? 3 : 0) }))
    .filter(({ channel, score }) => score >= 0 && (wanted === '' || match(wanted, channel.name) >= 0))
    .sort((a, b) => a.score - b.score || (a.channel.name < b.channel.name ? -1 : 1))
    .slice(0, SHOWN)
    .map(({ channel }) => ({ kind: 'channel', key: channel.id, id: channel.id, name: channel.name, isPrivate: channel.isPrivate, insert: `<#${channel.id}> ` }));
}

/** What the server found goes below: nothing that stood keeps another place. */
export function addBelow(shown: readonly Suggestion[], more: readonly Suggestion[]): Suggestion[] {
  const known = new Set(shown.map((s) => s.key));
  return [...shown, ...more.filter((s) => !known.has(s.key))].slice(0, SHOWN + 6);
}
