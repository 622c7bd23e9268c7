import * as calls from '@parley/shared/protocol/calls/reading';
import { route, type Route } from '../../edge/route.ts';
import type { Deps } from '../../platform/deps.ts';
import * as reading from './reading.service.ts';

export function readingRoutes(deps: Deps): Route[] {
  return [
    route(calls.ack, ({ caller }, input) => reading.ack(deps, caller, input), { idempotencyKey: false }),
    route(calls.ackMany, ({ caller }, input) => reading.ackMany(deps, caller, input), { idempotencyKey: false }),
    route(calls.markUnread, ({ caller }, input) => reading.markUnread(deps, caller, input), { limits: ['write'] }),
    route(calls.getReceipts, ({ caller }, input) => reading.receipts(deps, caller, input)),
  ];
}
