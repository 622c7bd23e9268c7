import * as calls from '@parley/shared/protocol/calls/messages';
import { route, type Route } from '../../edge/route.ts';
import type { Deps } from '../../platform/deps.ts';

const WRITE = { limits: ['write'] };

export function threadRoutes(deps: Deps): Route[] {
  return [
    route(calls.followThread, ({ caller }, input) => deps.store.run('threads.follow', { who: caller, ref: input, following: true }), WRITE),
    route(calls.unfollowThread, ({ caller }, input) => deps.store.run('threads.follow', { who: caller, ref: input, following: false }), WRITE),
  ];
}
