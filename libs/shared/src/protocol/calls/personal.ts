import * as z from 'zod/mini';
import { defineCall } from '../call.ts';
import { ClientMsgId, line, text, TimeInput, Uuid } from '../common.ts';
import { Draft, Preference, Saved, SavedState, Section, STARRED } from '../entities.ts';
import { LIMITS } from '../limits.ts';

const target = { channel_id: z.optional(Uuid), message_id: Uuid };
const SectionId = z.union([Uuid, z.literal(STARRED)]);
const channelIds = z.array(Uuid).check(z.maxLength(LIMITS.section_channels));
const none = z.undefined();

export const putDraft = defineCall({
  path: 'put_draft', method: 'POST', auth: 'session', status: 200, summary: 'Keep unsent text; a version that another device has overtaken is a conflict',
  request: z.strictObject({
    id: Uuid, channel_id: Uuid, thread_root_id: z.optional(z.nullable(Uuid)), client_msg_id: ClientMsgId, content: text(LIMITS.draft_characters),
    file_ids: z.optional(z.array(Uuid).check(z.maxLength(LIMITS.message_files))),
    /** The version that the text was written from; 0 for a new draft. */
    base_version: z.number().check(z.int(), z.nonnegative()),
  }).check(z.refine((draft) => draft.content !== '' || (draft.file_ids ?? []).length > 0, 'neither text nor files')),
  response: Draft,
});
export const deleteDraft = defineCall({ path: 'delete_draft', method: 'POST', auth: 'session', status: 204, summary: 'Drop a draft', request: z.strictObject({ id: Uuid }), response: none });

export const saveMessage = defineCall({
  path: 'save_message', method: 'POST', auth: 'session', status: 200, summary: 'Keep a message for later, or change its state, time and note; fields left out stay',
  request: z.strictObject({ ...target, state: z.optional(SavedState), due_at: z.optional(z.nullable(TimeInput)), note: z.optional(text(LIMITS.note_characters)) }),
  response: Saved,
});
export const unsaveMessage = defineCall({ path: 'unsave_message', method: 'POST', auth: 'session', status: 204, summary: 'Keep a message no longer', request: z.strictObject(target), response: none });
export const remind = defineCall({
  path: 'remind', method: 'POST', auth: 'session', status: 200, summary: 'Keep a message for later and be reminded of it',
  request: z.strictObject({ ...target, at: TimeInput, note: z.optional(text(LIMITS.note_characters)) }), response: Saved,
});

export const setPreference = defineCall({
  path: 'set_preference', method: 'POST', auth: 'session', status: 200, summary: 'Set a synced preference; null takes it back to its default',
  request: z.strictObject({ key: z.string().check(z.regex(/^[a-z][a-z0-9_]{0,63}$/, 'small letters, digits, underscore')), value: z.unknown() }),
  response: Preference,
});

export const putSection = defineCall({
  path: 'put_section', method: 'POST', auth: 'session', status: 200, summary: 'Make or change a section of the sidebar; what is added leaves the others',
  request: z.strictObject({
    id: SectionId, name: z.optional(line(80)), position: z.optional(z.number()),
    /** The whole order; or what comes in at the end and what goes, which two devices may do at once. */
    channel_ids: z.optional(channelIds), add_channel_ids: z.optional(channelIds), remove_channel_ids: z.optional(channelIds),
  }),
  response: Section,
});
export const deleteSection = defineCall({ path: 'delete_section', method: 'POST', auth: 'session', status: 204, summary: 'Drop a section; its conversations stay', request: z.strictObject({ id: SectionId }), response: none });
