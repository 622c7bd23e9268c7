import { parseMentions } from '@parley/shared/domain/mentions';
import type { RequestOf } from '@parley/shared/protocol/call';
import type { scheduleMessage as scheduleCall, updateScheduled as updateCall } from '@parley/shared/protocol/calls/scheduled';
import type { Scheduled } from '@parley/shared/protocol/entities';
import { ERROR_STATUS, ParleyError } from '@parley/shared/protocol/errors';
import type { JobHandler } from '../../jobs/job-worker.ts';
import { MAX_ATTEMPTS } from '../../jobs/port.ts';
import type { Deps } from '../../platform/deps.ts';
import { users } from '../../storage/tables.ts';
import type { ActorRef } from '../channels/channel-access.ts';
import { demandContent, prepareSend } from '../messages/messages.service.ts';
import { own } from '../own-entities.ts';
import type { Appointment } from './scheduled.commands.ts';

type ScheduledDeps = Pick<Deps, 'store' | 'presence' | 'metrics'>;

export async function scheduleMessage(deps: Pick<Deps, 'store'>, who: ActorRef & { device_id: string }, input: RequestOf<typeof scheduleCall>): Promise<Scheduled> {
  demandContent(input.content, (input.file_ids ?? []).length > 0);
  return deps.store.run('scheduled.put', {
    who: { user_id: who.user_id, server_role: who.server_role }, device_id: who.device_id, send_at: input.send_at, everyone: parseMentions(input.content).everyone !== 'none',
    message: {
      id: input.client_msg_id, channel_id: input.channel_id, parent_message_id: input.parent_message_id ?? null, broadcast: input.broadcast ?? false, quiet: input.quiet ?? false,
      content: input.content, file_ids: input.file_ids ?? [],
    },
  });
}

export async function updateScheduled(deps: Pick<Deps, 'store'>, userId: string, input: RequestOf<typeof updateCall>): Promise<Scheduled> {
  if (input.content !== undefined) demandContent(input.content, false);
  return deps.store.run('scheduled.update', { user_id: userId, ...input });
}

/**
 * Sends what is due as its author, by the same way and with the same rights as any message. Whatever step the worker dies
 * at, the job comes again: the message has its `client_msg_id`, and what was sent is not scheduled any more. What is refused
 * for good, or goes wrong as often as a job may, goes back to the person.
 */
export function scheduledJob(deps: ScheduledDeps): JobHandler {
  return async (job) => {
    const appointment = job.payload as Appointment;
    const { user_id, id } = appointment;
    for (;;) {
      const due = await dueOf(deps, appointment);
      if (!due) return;
      if (due.who === null) return void (await deps.store.run('scheduled.drop_deactivated', { user_id, id }));
      const ref = { user_id, id, version: due.doc.version };
      try {
        if ((await send(deps, due.who, due.doc)) === 'sent') return;
      } catch (error) {
        const refusal = refusalOf(error, job.attempt >= MAX_ATTEMPTS);
        if (!refusal) throw error;
        return void (await deps.store.run('scheduled.fail', { ref, ...refusal }));
      }
    }
  };
}

/** `who` is null for a person who was deactivated. Undefined when this is not to be sent, or not now. */
async function dueOf(deps: ScheduledDeps, { user_id, id, send_at }: Appointment): Promise<{ doc: Scheduled; who: ActorRef | null } | undefined> {
  return deps.store.read(async (tx) => {
    const doc = await own<Scheduled>(tx, user_id, 'scheduled', id);
    const user = await tx.get(users, [user_id]);
    if (!doc || !user || doc.state !== 'waiting' || doc.send_at !== send_at) return undefined;
    return { doc, who: user.doc.deactivated ? null : { user_id, server_role: user.server_role } };
  });
}

async function send(deps: ScheduledDeps, who: ActorRef, doc: Scheduled): Promise<'sent' | 'changed'> {
  const { id, channel_id, content, parent_message_id, broadcast, quiet, file_ids } = doc;
  const args = await prepareSend(deps, who, { channel_id, content, client_msg_id: id, parent_message_id, broadcast, quiet, file_ids });
  const { outcome } = await deps.store.run('scheduled.send', { ref: { user_id: who.user_id, id, version: doc.version }, send: args });
  if (outcome === 'sent') deps.metrics.count('parley_sends_total');
  return outcome;
}

/** Null for what may go better another time. */
function refusalOf(error: unknown, last: boolean): { code: string; detail: string } | null {
  if (error instanceof ParleyError && ERROR_STATUS[error.code] < 500 && error.code !== 'rate_limited') return { code: error.code, detail: error.extra.errors?.[0]?.message ?? error.message };
  return last ? { code: 'unavailable', detail: 'the server could not send it' } : null;
}
