import * as calls from '@parley/shared/protocol/calls/personal';
import { route, type Route } from '../../edge/route.ts';
import type { Deps } from '../../platform/deps.ts';

const WRITE = { limits: ['write'] };

export function sectionRoutes(deps: Deps): Route[] {
  return [
    route(calls.putSection, ({ caller }, input) => deps.store.run('sections.put', { user_id: caller.user_id, change: input }), WRITE),
    route(calls.deleteSection, async ({ caller }, input) => void (await deps.store.run('sections.delete', { user_id: caller.user_id, id: input.id })), WRITE),
  ];
}
