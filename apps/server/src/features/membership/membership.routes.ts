import * as calls from '@parley/shared/protocol/calls/channels';
import { route, type Route } from '../../edge/route.ts';
import type { Deps } from '../../platform/deps.ts';

export function membershipRoutes(deps: Deps): Route[] {
  return [route(calls.setNotificationLevel, ({ caller }, input) => deps.store.run('membership.set_level', { ...input, who: caller }))];
}
