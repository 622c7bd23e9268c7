import * as calls from '@parley/shared/protocol/calls/personal';
import { route, type Route } from '../../edge/route.ts';
import type { Deps } from '../../platform/deps.ts';

/** A draft has an idempotency of its own: the text itself. */
const WRITE = { limits: ['write'], idempotencyKey: false };

export function draftRoutes(deps: Deps): Route[] {
  return [
    route(calls.putDraft, ({ caller }, input) => deps.store.run('drafts.put', {
      who: { user_id: caller.user_id, server_role: caller.server_role }, device_id: caller.device_id,
      draft: { ...input, thread_root_id: input.thread_root_id ?? null, file_ids: input.file_ids ?? [] },
    }), WRITE),
    route(calls.deleteDraft, async ({ caller }, input) => void (await deps.store.run('drafts.delete', { user_id: caller.user_id, id: input.id })), WRITE),
  ];
}
