import type { Actor } from '@parley/shared/domain/can';
import { createContext, useContext, useMemo, type ReactNode } from 'react';
import { dayMaker, type DayOf } from '../message-list/days.ts';

/** What the chat features take from the person's preferences; defaults are those of the preferences scene. */
export interface ChatPreferences {
  density: 'comfortable' | 'compact';
  /** Undefined: the system's. */
  timeZone: string | undefined;
  clock: 'language' | '12' | '24';
  times: 'group' | 'always';
  joins: 'folded' | 'hidden';
  openAt: 'left' | 'newest';
  markRead: 'scroll' | 'open' | 'never';
  escMarksRead: boolean;
  quickReactions: readonly string[];
  singleKeys: boolean;
  confirmDelete: boolean;
  enterSends: boolean;
  plainComposer: boolean;
  toolbar: boolean;
  emoticons: boolean;
  showTyping: boolean;
  sendTyping: boolean;
  linkCards: 'shown' | 'collapsed' | 'hidden';
  wrapCode: boolean;
  /** 0: none, 1 to 5 from light to dark. */
  skinTone: number;
  threadAfterReply: boolean;
  /** Seconds in which a send can be taken back; 0: off. */
  undoSend: 0 | 5 | 10 | 30;
}

export const DEFAULT_PREFERENCES: ChatPreferences = {
  density: 'comfortable', timeZone: undefined, clock: 'language', times: 'group', joins: 'folded', openAt: 'left', markRead: 'scroll', escMarksRead: true,
  quickReactions: ['👍', '❤️', '😄'], singleKeys: true, confirmDelete: true, enterSends: true, plainComposer: false, toolbar: true, emoticons: true,
  showTyping: true, sendTyping: true, linkCards: 'shown', wrapCode: false, skinTone: 0, threadAfterReply: true, undoSend: 0,
};

/** Places inside the application. The shell turns them into addresses (LAY-8). */
export type ChatTarget =
  | { kind: 'channel'; channelId: string; workspaceId?: string; messageId?: string; rootId?: string }
  | { kind: 'profile'; userId: string }
  | { kind: 'group'; groupId: string };

export interface ServerAnswers {
  /** People of the workspace whose name or username begins with the query; empty when the server cannot be reached. */
  people(query: string): Promise<readonly { id: string; display_name: string; username: string; deactivated: boolean; is_bot: boolean }[]>;
  /** Ids of a channel's members, as far as one page goes. */
  members(channelId: string): Promise<readonly string[]>;
}

/** What the chat features need from around them, beside the engine. */
export interface Chat {
  /** Who acts: acts that are never allowed are not offered. */
  actor: Actor;
  workspaceId: string;
  /** The server's origin, such as `https://chat.example`, for permalinks. */
  origin: string;
  preferences: ChatPreferences;
  go(target: ChatTarget): void;
  server: ServerAnswers;
}

const ChatContext = createContext<(Chat & { dayOf: DayOf }) | null>(null);
const zones = new Map<string | undefined, DayOf>();
const dayOfZone = (zone: string | undefined): DayOf => {
  const known = zones.get(zone);
  if (known) return known;
  const made = dayMaker(zone);
  zones.set(zone, made);
  return made;
};

export function ChatProvider({ chat, children }: { chat: Chat; children: ReactNode }) {
  const value = useMemo(() => ({ ...chat, dayOf: dayOfZone(chat.preferences.timeZone) }), [chat]);
  return <ChatContext.Provider value={value}>{children}</ChatContext.Provider>;
}

export function useChat(): Chat & { dayOf: DayOf } {
  const chat = useContext(ChatContext);
  if (!chat) throw new Error('Chat features stand inside a ChatProvider.');
  return chat;
}
