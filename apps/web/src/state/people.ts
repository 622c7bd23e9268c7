import { useMemo } from 'react';
import type { User } from '@parley/shared/protocol/entities';
import type { ChannelView, Engine, Readable } from '@parley/shared/sync/api';
import { useText, type Translate } from '../i18n/text.tsx';
import { useEngine } from './engine.tsx';
import { useReadable } from './readable.ts';

/** Many readables as one: a new array only when one of them changed. */
export function combine<T>(parts: readonly Readable<T>[]): Readable<readonly T[]> {
  let last: readonly T[] = [];
  return {
    get() {
      if (last.length !== parts.length || parts.some((part, index) => part.get() !== last[index])) last = parts.map((part) => part.get());
      return last;
    },
    subscribe(listener) {
      const ends = parts.map((part) => part.subscribe(listener));
      return () => ends.forEach((end) => end());
    },
  };
}

/** Several people; unknown ones are null until they were fetched. */
export function useUsers(ids: readonly string[]): ReadonlyMap<string, User> {
  const engine = useEngine();
  const key = ids.join(' ');
  const users = useReadable(useMemo(() => combine(key === '' ? [] : key.split(' ').map((id) => engine.user(id))), [engine, key]));
  return useMemo(() => new Map(users.filter((user): user is User => user !== null).map((user) => [user.id, user])), [users]);
}

/** Who else is in a direct message; oneself alone in one's notes. */
export function partnersOf(view: Pick<ChannelView, 'channel'>, me: string): readonly string[] {
  const others = (view.channel.user_ids ?? []).filter((id) => id !== me);
  return others.length > 0 ? others : (view.channel.user_ids ?? []);
}

/** What a conversation is called: a room by its name, a direct message by its people. */
export function nameOf(view: Pick<ChannelView, 'channel'>, me: string, users: ReadonlyMap<string, Pick<User, 'display_name'>>, t: Translate): string {
  if (view.channel.kind === 'public' || view.channel.kind === 'private') return view.channel.name;
  const partners = partnersOf(view, me);
  if (partners.length === 1 && partners[0] === me) return t('channel.notes');
  const names = partners.map((id) => users.get(id)?.display_name ?? t('person.unknown'));
  if (names.length <= 3) return names.join(', ');
  return t('channel.group', { names: names.slice(0, 3).join(', '), more: names.length - 3 });
}

/** The live name of a conversation. */
export function useChannelName(view: ChannelView | null): string {
  const t = useText();
  const engine = useEngine();
  const users = useUsers(view === null || view.channel.name !== '' ? [] : partnersOf(view, engine.accountId));
  return view === null ? '' : nameOf(view, engine.accountId, users, t);
}

/** One's own id; the engine's account is the person's. */
export const meOf = (engine: Engine): string => engine.accountId;
