import type { Engine } from '@parley/shared/sync/api';
import { readText, writeText } from '../../platform/device-settings.ts';
import type { PersonCandidate } from './suggest.ts';

/** Who can be suggested without asking the server: members that were listed, partners of direct messages, authors seen. */
const members = new Map<string, Set<string>>();
const seen = new Set<string>();
const RECENT = 'parley.mentioned';
const KEPT = 50;

export function rememberMembers(engine: Engine, channelId: string, ids: readonly string[]): void {
  members.set(channelId, new Set(ids));
  for (const id of ids) {
    // Asking makes the engine fetch unknown ones in batches.
    engine.user(id).get();
    seen.add(id);
  }
}

export const rememberSeen = (id: string): void => void seen.add(id);
export const membersOf = (channelId: string): ReadonlySet<string> => members.get(channelId) ?? new Set();

export function knownPeople(engine: Engine, workspaceId: string, channelId: string): PersonCandidate[] {
  const here = new Set(membersOf(channelId));
  for (const id of engine.channel(channelId).get()?.channel.user_ids ?? []) here.add(id);
  const all = new Set([...here, ...seen]);
  for (const view of engine.channels(workspaceId).get()) for (const id of view.channel.user_ids ?? []) all.add(id);
  const out: PersonCandidate[] = [];
  for (const id of all) {
    const user = engine.user(id).get();
    if (user) out.push({ id, display_name: user.display_name, username: user.username, deactivated: user.deactivated, is_bot: user.is_bot, member: here.size === 0 || here.has(id) });
  }
  return out;
}

export function recentPeople(): readonly string[] {
  try {
    const stored: unknown = JSON.parse(readText(RECENT) ?? '[]');
    return Array.isArray(stored) ? stored.filter((id): id is string => typeof id === 'string') : [];
  } catch {
    return [];
  }
}

export function rememberMention(id: string): void {
  writeText(RECENT, JSON.stringify([id, ...recentPeople().filter((other) => other !== id)].slice(0, KEPT)));
}
