import { search } from '@parley/shared/protocol/calls/search';
import { route, type Route } from '../../edge/route.ts';
import type { Deps } from '../../platform/deps.ts';
import { searchMessages } from './search.service.ts';

export function searchRoutes(deps: Deps): Route[] {
  return [route(search, ({ caller }, input) => searchMessages(deps, caller, input), { limits: ['search'] })];
}
