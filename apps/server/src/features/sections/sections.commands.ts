import { STARRED, type Section } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import { LIMITS } from '@parley/shared/protocol/limits';
import { defineCommand } from '../../storage/command.ts';
import type { Tx } from '../../storage/port.ts';
import { allOwn, dropOwn, own, putOwn } from '../own-entities.ts';

export interface SectionChange {
  id: string;
  name?: string;
  position?: number;
  channel_ids?: string[];
  add_channel_ids?: string[];
  remove_channel_ids?: string[];
}

export const sectionCommands = {
  /** Makes or changes a section. What comes into it leaves every other one, so that a channel is in one at most. */
  'sections.put': defineCommand(async (tx, args: { user_id: string; change: SectionChange }): Promise<Section> => {
    const { user_id, change } = args;
    const before = await own<Section>(tx, user_id, 'section', change.id);
    if (!before && change.id !== STARRED && change.name === undefined) throw new ParleyError('not_found', 'no such section, and a new one needs a name');
    const gone = new Set(change.remove_channel_ids ?? []);
    const channel_ids = [...new Set([...(change.channel_ids ?? before?.channel_ids ?? []), ...(change.add_channel_ids ?? [])])].filter((id) => !gone.has(id));
    if (channel_ids.length > LIMITS.section_channels) throw new ParleyError('invalid_request', undefined, { errors: [{ path: 'channel_ids', message: `at most ${LIMITS.section_channels}` }] });
    const doc: Section = { id: change.id, name: change.name ?? before?.name ?? '', position: change.position ?? before?.position ?? 0, channel_ids };
    const had = new Set(before?.channel_ids ?? []);
    await takeFromOthers(tx, user_id, change.id, new Set(channel_ids.filter((id) => !had.has(id))));
    if (before && before.name === doc.name && before.position === doc.position && String(before.channel_ids) === String(doc.channel_ids)) return before;
    return putOwn(tx, user_id, 'section', doc.id, doc, { most: LIMITS.sections });
  }),

  'sections.delete': defineCommand(async (tx, args: { user_id: string; id: string }) => ({ deleted: await dropOwn(tx, args.user_id, 'section', args.id) })),
};

async function takeFromOthers(tx: Tx, userId: string, id: string, taken: ReadonlySet<string>): Promise<void> {
  if (taken.size === 0) return;
  for (const other of await allOwn<Section>(tx, userId, 'section', LIMITS.sections)) {
    const channel_ids = other.channel_ids.filter((c) => !taken.has(c));
    if (other.id !== id && channel_ids.length < other.channel_ids.length) await putOwn(tx, userId, 'section', other.id, { ...other, channel_ids }, { most: LIMITS.sections });
  }
}
