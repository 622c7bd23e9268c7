import * as calls from '@parley/shared/protocol/calls/inbox';
import { ParleyError } from '@parley/shared/protocol/errors';
import { route, type Route } from '../../edge/route.ts';
import type { Deps } from '../../platform/deps.ts';
import { listInbox } from './inbox.service.ts';

const CURSOR = /^\d{4}-\d\d-\d\dT[\d:.]+Z [a-z]+:[0-9a-f-]{36}$/;

export function inboxRoutes(deps: Deps): Route[] {
  return [
    route(calls.getInbox, async ({ caller }, { cursor, ...input }) => {
      if (cursor !== undefined && !CURSOR.test(cursor)) throw new ParleyError('invalid_request', undefined, { errors: [{ path: 'cursor', message: 'not one of ours' }] });
      return deps.store.read((tx) => listInbox(tx, caller.user_id, { ...input, cursor }));
    }),
    route(calls.markInbox, ({ caller }, input) => deps.store.run('inbox.mark', { user_id: caller.user_id, ...input }), { limits: ['write'] }),
  ];
}
