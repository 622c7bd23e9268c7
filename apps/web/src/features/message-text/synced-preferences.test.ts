import { describe, expect, it } from 'vitest';
import { DEFAULT_PREFERENCES } from './chat-context.tsx';
import { chosenPreferences, preferenceCall } from './synced-preferences.ts';

describe('PRF-1 synced preferences', () => {
  it('PRF-1 what is not known is at its default', () => {
    expect(chosenPreferences({ enter_sends: false, mark_read: 'sometimes', joins: 3, other: true })).toEqual({ enterSends: false });
  });
  it('PRF-1 the default is said by null, and is what the application takes without a choice', () => {
    for (const name of ['enterSends', 'plainComposer', 'toolbar', 'joins', 'showTyping', 'sendTyping', 'linkCards', 'openAt', 'markRead', 'escMarksRead', 'undoSend'] as const) expect(preferenceCall(name, DEFAULT_PREFERENCES[name]).value, name).toBeNull();
    expect(preferenceCall('markRead', 'never')).toEqual({ key: 'mark_read', value: 'never' });
  });
});
