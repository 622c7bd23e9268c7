import { expect, it } from 'vitest';
import type { ChannelView } from '@parley/shared/sync/api';
import { forwarded, hidesOriginal } from './forwarded.ts';
import { readPermalink } from '@parley/shared/domain/permalink';

const id = (n: number): string => `0190a000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const ORIGIN = 'https://chat.example';
const view = (kind: 'public' | 'private' | 'dm'): Pick<ChannelView, 'id' | 'channel'> => ({ id: id(2), channel: { kind } as ChannelView['channel'] });

it('LST-32 a forwarded message is a comment and the address of the original, and nothing else of it', () => {
  const original = { workspaceId: id(1), channelId: id(2), messageId: id(3), rootId: id(4) };
  const [comment, address] = forwarded('  look \n', original, ORIGIN).split('\n\n');
  expect(comment).toBe('look');
  expect(readPermalink(address!, ORIGIN)).toEqual(original);
  expect(readPermalink(forwarded('', original, ORIGIN), ORIGIN)).toEqual(original);
});

it('LST-32 it warns when some of its readers may not see the original', () => {
  expect(hidesOriginal(view('private'), id(9))).toBe(true);
  expect(hidesOriginal(view('dm'), null)).toBe(true);
  expect(hidesOriginal(view('private'), id(2))).toBe(false);
  expect(hidesOriginal(view('public'), id(9))).toBe(false);
});
