import { microsToIso } from '@parley/shared/domain/timestamp';
import type { RequestOf, ResponseOf } from '@parley/shared/protocol/call';
import * as calls from '@parley/shared/protocol/calls/pins';
import { ParleyError } from '@parley/shared/protocol/errors';
import { LIMITS } from '@parley/shared/protocol/limits';
import { route, type Route } from '../../edge/route.ts';
import type { Deps } from '../../platform/deps.ts';
import { messages, pins } from '../../storage/tables.ts';
import { demandAccess, firstVisibleSeq, type ActorRef } from '../channels/channel-access.ts';

const WRITE = { limits: ['write'] };

export function pinRoutes(deps: Deps): Route[] {
  return [
    route(calls.pinMessage, ({ caller }, input) => deps.store.run('pins.set', { who: caller, ref: input, pinned: true }), WRITE),
    route(calls.unpinMessage, ({ caller }, input) => deps.store.run('pins.set', { who: caller, ref: input, pinned: false }), WRITE),
    route(calls.getPins, ({ caller }, input) => listPins(deps, caller, input)),
  ];
}

async function listPins(deps: Pick<Deps, 'store'>, who: ActorRef, input: RequestOf<typeof calls.getPins>): Promise<ResponseOf<typeof calls.getPins>> {
  const size = input.page_size ?? 50;
  const before = input.cursor === undefined ? undefined : Number(input.cursor);
  if (before !== undefined && !Number.isSafeInteger(before)) throw new ParleyError('invalid_request', undefined, { errors: [{ path: 'cursor', message: 'not one of ours' }] });
  return deps.store.read(async (tx) => {
    const access = await demandAccess(tx, who, input.channel_id, 'channel.view');
    const first = firstVisibleSeq(access);
    const rows = await tx.find(pins, { index: 'by_time', prefix: [input.channel_id], ...(before === undefined ? {} : { lt: before }), reverse: true, limit: LIMITS.pins });
    const items = [];
    for (const pin of rows.filter((p) => p.seq >= first).slice(0, size + 1)) {
      const row = await tx.get(messages, [input.channel_id, pin.seq]);
      if (row) items.push({ message: row.doc, pinned_by: pin.pinned_by, pinned_at: microsToIso(pin.pinned_at), at: pin.pinned_at });
    }
    const page = items.slice(0, size);
    return { items: page.map(({ at: _at, ...item }) => item), next_cursor: items.length > size ? String(page[page.length - 1]!.at) : null };
  });
}
