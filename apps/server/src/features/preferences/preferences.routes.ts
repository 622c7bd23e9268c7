import { NOTIFY_KEYS, readNotifyPreferences } from '@parley/shared/domain/notify-preferences';
import * as calls from '@parley/shared/protocol/calls/personal';
import { route, type Route } from '../../edge/route.ts';
import type { Deps } from '../../platform/deps.ts';

export function preferenceRoutes(deps: Deps): Route[] {
  return [
    route(calls.setPreference, async ({ caller }, input) => {
      const stored = await deps.store.run('preferences.set', { user_id: caller.user_id, key: input.key, value: input.value });
      // Others see at once that somebody is not to be disturbed.
      if (input.key === NOTIFY_KEYS.dndSchedule) deps.presence.quiet(caller.user_id, readNotifyPreferences({ [NOTIFY_KEYS.dndSchedule]: stored.value }).dnd.schedule);
      return stored;
    }, { limits: ['write'] }),
  ];
}
