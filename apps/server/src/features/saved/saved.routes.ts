import * as calls from '@parley/shared/protocol/calls/personal';
import { route, type Route } from '../../edge/route.ts';
import type { JobHandler } from '../../jobs/job-worker.ts';
import type { Deps } from '../../platform/deps.ts';
import type { Reminder } from './saved.commands.ts';

const WRITE = { limits: ['write'] };

export function savedRoutes(deps: Deps): Route[] {
  return [
    route(calls.saveMessage, ({ caller }, { channel_id, message_id, ...change }) => deps.store.run('saved.put', { who: caller, ref: { channel_id, message_id }, change }), WRITE),
    route(calls.unsaveMessage, async ({ caller }, input) => void (await deps.store.run('saved.delete', { user_id: caller.user_id, message_id: input.message_id })), WRITE),
    route(calls.remind, ({ caller }, { channel_id, message_id, at, note }) => deps.store.run('saved.put', { who: caller, ref: { channel_id, message_id }, change: { state: 'progress', due_at: at, note } }), WRITE),
  ];
}

/** Notes that a reminder came due. Doing it again does nothing, so a worker may die at any step. */
export function reminderJob(deps: Pick<Deps, 'store'>): JobHandler {
  return async (job) => void (await deps.store.run('saved.remind', job.payload as Reminder));
}
