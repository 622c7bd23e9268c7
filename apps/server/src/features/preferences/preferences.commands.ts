import { NOTIFY_KEYS } from '@parley/shared/domain/notify-preferences';
import type { Preference } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import { LIMITS } from '@parley/shared/protocol/limits';
import { defineCommand } from '../../storage/command.ts';
import { indexKeywordsEverywhere } from '../inbox/keyword-watchers.ts';
import { dropOwn, own, putOwn } from '../own-entities.ts';

export const preferenceCommands = {
  /** Sets one preference; what is so already takes no rev, and null takes it back to the default. */
  'preferences.set': defineCommand(async (tx, args: { user_id: string; key: string; value: unknown }): Promise<Preference> => {
    const { user_id, key } = args;
    const value = args.value ?? null;
    const text = JSON.stringify(value);
    if (text.length > LIMITS.preference_characters) throw new ParleyError('invalid_request', undefined, { errors: [{ path: 'value', message: `at most ${LIMITS.preference_characters} characters as JSON` }] });
    if (value === null) {
      await dropOwn(tx, user_id, 'preference', key);
      if (key === NOTIFY_KEYS.keywords) await indexKeywordsEverywhere(tx, user_id);
      return { key, value };
    }
    const before = await own<Preference>(tx, user_id, 'preference', key);
    if (before && JSON.stringify(before.value) === text) return before;
    const stored = await putOwn<Preference>(tx, user_id, 'preference', key, { key, value }, { most: LIMITS.preferences });
    if (key === NOTIFY_KEYS.keywords) await indexKeywordsEverywhere(tx, user_id);
    return stored;
  }),
};
