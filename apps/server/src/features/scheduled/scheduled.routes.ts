import * as calls from '@parley/shared/protocol/calls/scheduled';
import { route, type Route } from '../../edge/route.ts';
import type { Deps } from '../../platform/deps.ts';
import { scheduleMessage, updateScheduled } from './scheduled.service.ts';

const WRITE = { limits: ['write'] };

export function scheduledRoutes(deps: Deps): Route[] {
  return [
    route(calls.scheduleMessage, ({ caller }, input) => scheduleMessage(deps, caller, input), WRITE),
    route(calls.updateScheduled, ({ caller }, input) => updateScheduled(deps, caller.user_id, input), WRITE),
    route(calls.cancelScheduled, async ({ caller }, input) => void (await deps.store.run('scheduled.cancel', { user_id: caller.user_id, id: input.id })), WRITE),
  ];
}
