import * as calls from '@parley/shared/protocol/calls/personal';
import { route, type Route } from '../../edge/route.ts';
import type { Deps } from '../../platform/deps.ts';

export function preferenceRoutes(deps: Deps): Route[] {
  return [route(calls.setPreference, ({ caller }, input) => deps.store.run('preferences.set', { user_id: caller.user_id, key: input.key, value: input.value }), { limits: ['write'] })];
}
