import { describe, expect, it } from 'vitest';
import type { InboxEntry } from '@parley/shared/protocol/entities';
import { inActivity } from './activity.ts';

const HERE = new Set(['c1']);
const entry = (change: Partial<InboxEntry>): InboxEntry => ({ id: 'x', kind: 'mention', channel_id: 'c1', thread_root_id: null, in_channel: true, seq: 1, actor_ids: [], at: '2026-01-01T00:00:00.000Z', read: false, ...change });

describe('ACT-1 what is listed in Activity', () => {
  it('what names or answers the person', () => {
    for (const kind of ['mention', 'keyword', 'thread', 'reaction', 'invitation', 'reminder'] as const) expect(inActivity(entry({ kind }), HERE)).toBe(true);
  });
  it('neither direct messages nor pointers of large channels', () => {
    for (const kind of ['dm', 'pointer'] as const) expect(inActivity(entry({ kind }), HERE)).toBe(false);
  });
  it('nothing of channels elsewhere; what names none when it tells of a scheduled message', () => {
    expect(inActivity(entry({ channel_id: 'c2' }), HERE)).toBe(false);
    expect(inActivity(entry({ channel_id: undefined, kind: 'reminder' }), HERE)).toBe(false);
    expect(inActivity(entry({ channel_id: undefined, kind: 'reminder', scheduled_id: 's' }), HERE)).toBe(true);
  });
});
