import * as calls from '@parley/shared/protocol/calls/reading';
import { route, type Route } from '../../edge/route.ts';
import type { Deps } from '../../platform/deps.ts';
import { sync } from './sync.service.ts';

export function syncRoutes(deps: Deps): Route[] {
  return [route(calls.sync, ({ caller }, input) => sync(deps, caller, input), { idempotencyKey: false })];
}
