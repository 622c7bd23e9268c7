import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { can } from '@parley/shared/domain/can';
import { useIntl } from 'react-intl';
import { useText } from '../../i18n/text.tsx';
import { useChannel, useEngine } from '../../state/engine.tsx';
import { whenIdle } from '../../platform/when-idle.ts';
import { announce } from '../../ui/announce.ts';
import { recentEmoji, toneOf } from '../emoji/recent.ts';
import { loadEmoji } from '../emoji/use-emoji.ts';
import { withTone } from '../emoji/pack.ts';
import { useChat } from '../message-text/chat-context.tsx';
import { isDrawn } from '../emoji/probe.ts';
import type { EmojiIndex } from '../emoji/emoji-index.ts';
import { knownPeople, recentPeople, rememberMembers, membersOf } from './people-pool.ts';
import { addBelow, suggestChannels, suggestCustom, suggestGroups, suggestPeople, type PersonCandidate, type Suggestion } from './suggest.ts';
import { findTrigger, type Trigger } from './triggers.ts';

export interface Suggestions { trigger: Trigger; list: readonly Suggestion[]; chosen: number }

/** Suggestions at the caret (CMP-6): from the cache at once, the server's added below. */
export function useSuggestions(channelId: string) {
  const t = useText();
  const engine = useEngine();
  const { locale } = useIntl();
  const { workspaceId, server, actor, preferences } = useChat();
  const channel = useChannel(channelId);
  const [state, setState] = useState<Suggestions | null>(null);
  const closed = useRef<string | null>(null);
  const asked = useRef('');
  const emoji = useRef<EmojiIndex | null>(null);

  // Once the messages have been painted: a switch must not wait for who might be mentioned.
  useEffect(() => whenIdle(() => { void server.members(channelId).then((ids) => rememberMembers(engine, channelId, ids)).catch(() => undefined); }), [server, channelId, engine]);

  const everyone = useMemo(() => {
    if (!channel || channel.channel.kind === 'dm' || channel.channel.kind === 'group_dm') return null;
    const facts = { kind: channel.channel.kind, archived: channel.channel.archived, posting: channel.channel.posting, is_default: channel.channel.is_default === true, member_count: channel.channel.member_count, creator_id: channel.channel.creator_id ?? null, importing: false, membership: channel.membership === null ? null : { role: channel.membership.role, visible_from_seq: channel.membership.visible_from_seq } };
    return { allowed: can(actor, 'mention.everyone', { channel: facts }) === 'allowed' };
  }, [channel, actor]);

  const compute = useCallback((trigger: Trigger): Suggestion[] => {
    if (trigger.kind === 'channel') {
      return suggestChannels(trigger.query, engine.channels(workspaceId).get().filter((c) => c.channel.kind === 'public' || c.channel.kind === 'private').map((c) => ({ id: c.id, name: c.channel.name, isPrivate: c.channel.kind === 'private', archived: c.channel.archived })));
    }
    if (trigger.kind === 'person') return suggestGroups(trigger.query, everyone === null ? [] : engine.groups(workspaceId).get(), suggestPeople(trigger.query, knownPeople(engine, workspaceId, channelId), recentPeople(), everyone));
    const custom = suggestCustom(trigger.query, engine.customEmoji(workspaceId).get());
    const index = emoji.current;
    if (!index) return custom;
    const standard = index.search(trigger.query, 12, recentEmoji()).filter((e) => isDrawn(e.glyph)).slice(0, 8).map((e): Suggestion => {
      const glyph = e.toned ? withTone(e.glyph, toneOf(e.glyph, preferences.skinTone)) : e.glyph;
      return { kind: 'emoji', key: e.glyph, glyph, name: e.names.find((n) => n.startsWith(trigger.query)) ?? e.names[0] ?? e.label, insert: `${glyph} ` };
    });
    return [...custom, ...standard].slice(0, 8);
  }, [engine, workspaceId, channelId, everyone, preferences.skinTone]);

  const update = useCallback((text: string, from: number, to: number) => {
    const trigger = from === to ? findTrigger(text, from) : null;
    const word = trigger ? `${trigger.kind}:${trigger.from}` : null;
    // Esc closes and does not ask again for that word.
    if (closed.current !== word) closed.current = closed.current !== null && word !== null && closed.current === word ? closed.current : null;
    if (!trigger || closed.current === word) { setState(null); return; }
    if (trigger.kind === 'emoji' && !emoji.current) {
      void loadEmoji(locale).then((index) => { emoji.current = index; setState({ trigger, list: compute(trigger), chosen: 0 }); }).catch(() => undefined);
      const own = compute(trigger);
      setState(own.length > 0 ? { trigger, list: own, chosen: 0 } : null);
      return;
    }
    const list = compute(trigger);
    setState((was) => ({ trigger, list, chosen: was && was.trigger.from === trigger.from && was.trigger.query === trigger.query ? Math.min(was.chosen, Math.max(0, list.length - 1)) : 0 }));
    const query = trigger.query.trim();
    if (trigger.kind !== 'person' || query === '' || asked.current === query) return;
    asked.current = query;
    void server.people(query).then((found) => {
      const members = membersOf(channelId);
      const more: PersonCandidate[] = found.map((person) => ({ ...person, member: members.has(person.id) }));
      setState((was) => (was?.trigger.kind === 'person' && was.trigger.query.trim() === query ? { ...was, list: addBelow(was.list, suggestPeople(query, more, [], null)) } : was));
    }).catch(() => undefined);
  }, [compute, server, channelId, locale]);

  const count = state?.list.length ?? 0;
  useEffect(() => { if (count > 0) announce(t('chat.suggestions', { n: count })); }, [count, t]);

  const shown = state !== null && state.list.length > 0 ? state : null;
  const close = useCallback((forWord: boolean) => {
    setState((was) => { if (forWord && was) closed.current = `${was.trigger.kind}:${was.trigger.from}`; return null; });
  }, []);
  const move = useCallback((step: 1 | -1) => setState((was) => was && { ...was, chosen: (was.chosen + step + was.list.length) % was.list.length }), []);
  const choose = useCallback((chosen: number) => setState((was) => was && { ...was, chosen }), []);
  return { shown, update, close, move, choose };
}
