import { describe, expect, it } from 'vitest';
import { decide, type NotifyReason } from '@parley/shared/domain/notify';
import { ME, message } from '@parley/shared/testing/fake-server';
import de from '../../i18n/de/scenes.json';
import en from '../../i18n/en/scenes.json';
import { translateWith, makeIntl } from '../../i18n/text.tsx';
import { ENGLISH } from '../../i18n/catalogue.ts';
import { eventOf, reasons } from './why-dialog.tsx';

const TOM = '00000000-0000-7000-8000-0000000000aa';
const RULES: Record<NotifyReason['rule'], true> = {
  row_message: true, row_named: true, row_everyone: true, row_keyword: true, row_direct: true, row_reply: true, row_broadcast: true, row_reaction: true, row_edit: true, row_personal: true, row_bot_quiet: true,
  own: true, ignored: true, no_access: true, unfollowed: true, not_news: true, here_offline: true, dnd: true, anyway: true, looking: true, in_front: true, active_elsewhere: true, device_active: true, sound_off: true, toast_by_preference: true,
};
const t = translateWith(makeIntl('en', { ...ENGLISH, ...en }, 'UTC'));

describe('NTF-10 notification details', () => {
  it.each(Object.keys(RULES))('NTF-10 %s is told in each language', (rule) => {
    for (const words of [en, de] as Record<string, string>[]) expect(words[`why.${rule}`]).toBeTruthy();
  });
  it('NTF-10 says what silenced a message and until when', () => {
    const now = Date.parse('2026-11-23T12:00:00Z');
    const event = eventOf({ ...message(1, 1), author_id: TOM, mentions: { user_ids: [ME], group_ids: [], everyone: 'none' } }, ME, new Set(), 'public');
    const decision = decide(event, ME, { level: 'default', muted: false }, null, { dnd_until: '2026-11-23T13:00:00Z' }, now, []);
    expect(reasons(decision, t, (at) => new Date(at).toISOString().slice(11, 16))).toEqual(['It names you or a group of yours.', 'It is a message in a channel.', 'No sound: do not disturb until 13:00.', 'Here you are notified of mentions and direct messages.']);
  });
  it('NTF-10 groups that one is in, threads and quiet ones are told apart', () => {
    const said = { ...message(1, 1), author_id: TOM };
    expect(eventOf({ ...said, mentions: { user_ids: [], group_ids: ['g'], everyone: 'none' } }, ME, new Set(['g']), 'public')).toMatchObject({ named: true, reply: 'none', direct: false });
    expect(eventOf({ ...said, parent_message_id: 'root', broadcast: true }, ME, new Set(), 'dm')).toMatchObject({ named: false, reply: 'broadcast', direct: true });
  });
});
