import type { ChatPreferences } from './chat-context.tsx';

/** PRF-1, synced: the key of each preference on the wire, and what it may be. Anything else there is as good as the default. */
const SYNCED = {
  enterSends: { key: 'enter_sends', of: [true, false] },
  plainComposer: { key: 'plain_composer', of: [false, true] },
  toolbar: { key: 'toolbar', of: [true, false] },
  undoSend: { key: 'undo_send', of: [0, 5, 10, 30] },
  joins: { key: 'joins', of: ['folded', 'hidden'] },
  showTyping: { key: 'show_typing', of: [true, false] },
  sendTyping: { key: 'send_typing', of: [true, false] },
  linkCards: { key: 'link_cards', of: ['shown', 'collapsed', 'hidden'] },
  openAt: { key: 'open_at', of: ['left', 'newest'] },
  markRead: { key: 'mark_read', of: ['scroll', 'open', 'never'] },
  escMarksRead: { key: 'esc_marks_read', of: [true, false] },
} as const satisfies { [K in keyof ChatPreferences]?: { key: string; of: readonly [ChatPreferences[K], ...ChatPreferences[K][]] } };

export type SyncedPreference = keyof typeof SYNCED;

/** What the person has chosen; the rest is at its default, which comes first in each list. */
export function chosenPreferences(values: Readonly<Record<string, unknown>>): Partial<ChatPreferences> {
  return Object.fromEntries(Object.entries(SYNCED).flatMap(([name, { key, of }]) => ((of as readonly unknown[]).includes(values[key]) ? [[name, values[key]]] : [])));
}

/** As it crosses the wire: the default is said by null, so that a later change of it reaches those who never chose. */
export function preferenceCall<K extends SyncedPreference>(name: K, value: ChatPreferences[K]): { key: string; value: unknown } {
  const { key, of } = SYNCED[name];
  return { key, value: value === of[0] ? null : value };
}
