import { createHash } from 'node:crypto';
import { contentProblem } from '@parley/shared/domain/content';
import { cardLinks } from '@parley/shared/domain/link-cards';
import { parseMentions, type NamedTargets } from '@parley/shared/domain/mentions';
import type { RequestOf, ResponseOf } from '@parley/shared/protocol/call';
import type * as calls from '@parley/shared/protocol/calls/messages';
import type { Message } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import { LIMITS } from '@parley/shared/protocol/limits';
import type { Deps } from '../../platform/deps.ts';
import type { ReadTx } from '../../storage/port.ts';
import { members } from '../../storage/tables.ts';
import { allows, accessTo, type ActorRef } from '../channels/channel-access.ts';
import { findMessage } from './find-message.ts';
import { sharedRead } from '../sync/shared-read.ts';
import { isNewest, readHistory } from './history.ts';
import type { SendArgs } from './send.command.ts';

type MessageDeps = Pick<Deps, 'store' | 'presence' | 'metrics' | 'pages'>;

/** @throws ParleyError `invalid_request`, naming `content`. Whether there may be no text at all is known to the caller. */
export function demandContent(content: string, mayBeEmpty: boolean): void {
  if (mayBeEmpty && content.trim() === '') return;
  const problem = contentProblem(content);
  if (problem !== null) throw new ParleyError('invalid_request', undefined, { errors: [{ path: 'content', message: problem }] });
}

/** Whom a text names. @throws ParleyError `invalid_request` when it names too many groups to look up in one go. */
function namedIn(content: string): NamedTargets {
  const named = parseMentions(content);
  if (named.group_ids.length > LIMITS.message_groups) throw new ParleyError('invalid_request', undefined, { errors: [{ path: 'content', message: `names more than ${LIMITS.message_groups} groups` }] });
  return named;
}

/** Tells a repeat from another message under the same client_msg_id. Defaults are filled in first, so that naming one is no difference. */
export function fingerprintOf(input: Pick<RequestOf<typeof calls.sendMessage>, 'content' | 'parent_message_id' | 'broadcast' | 'quiet' | 'kind' | 'file_ids'>): string {
  const asked = [input.content, input.parent_message_id ?? null, input.broadcast ?? false, input.quiet ?? false, input.kind ?? 'text', input.file_ids ?? []];
  return createHash('sha256').update(JSON.stringify(asked)).digest('base64url').slice(0, 22);
}

/** All that the send command must be told: it reads no presence and hashes nothing. @throws ParleyError `invalid_request` */
export async function prepareSend(deps: Pick<MessageDeps, 'store' | 'presence'>, who: ActorRef, input: RequestOf<typeof calls.sendMessage>): Promise<SendArgs> {
  demandContent(input.content, (input.file_ids ?? []).length > 0);
  const named = namedIn(input.content);
  return {
    who: { user_id: who.user_id, server_role: who.server_role }, channel_id: input.channel_id, content: input.content, client_msg_id: input.client_msg_id,
    fingerprint: fingerprintOf(input), named, here_ids: await whoIsHere(deps, who, input.channel_id, named),
    parent_message_id: input.parent_message_id, broadcast: input.broadcast, quiet: input.quiet, kind: input.kind, file_ids: input.file_ids,
  };
}

export async function sendMessage(deps: MessageDeps, who: ActorRef, input: RequestOf<typeof calls.sendMessage>): Promise<{ repeat: boolean; answer: ResponseOf<typeof calls.sendMessage> }> {
  const { message, repeat } = await deps.store.run('messages.send', await prepareSend(deps, who, input));
  if (!repeat) deps.metrics.count('parley_sends_total');
  return { repeat, answer: { message_id: message.id, seq: message.seq, rev: message.rev, timestamp: message.created_at, message } };
}

export async function editMessage(deps: MessageDeps, who: ActorRef, input: RequestOf<typeof calls.editMessage>): Promise<Message> {
  // The command knows whether it carries files.
  demandContent(input.content, true);
  const named = namedIn(input.content);
  let here: string[] | undefined;
  if (named.everyone === 'here') {
    const row = await deps.store.read((tx) => findMessage(tx, input));
    here = row && (await whoIsHere(deps, who, row.channel_id, named));
  }
  return deps.store.run('messages.edit', { who, ref: { channel_id: input.channel_id, message_id: input.message_id }, content: input.content, named, links: cardLinks(input.content), here_ids: here, base_rev: input.base_rev });
}

export async function deleteMessage(deps: MessageDeps, who: ActorRef, input: RequestOf<typeof calls.deleteMessage>): Promise<Message> {
  return deps.store.run('messages.delete', { who, ref: input });
}

export async function getMessages(deps: MessageDeps, who: ActorRef, input: RequestOf<typeof calls.getMessages>): Promise<ResponseOf<typeof calls.getMessages>> {
  const read = (tx: ReadTx) => readHistory(tx, who, input, deps.pages);
  return deps.pages && isNewest(input) ? sharedRead(deps.store, read) : deps.store.read(read);
}

const PAGE = 1_000;

/** The members who are here and would hear of it, when the text names those; found out before the command, which reads no presence. */
async function whoIsHere(deps: Pick<MessageDeps, 'store' | 'presence'>, who: ActorRef, channelId: string, named: NamedTargets): Promise<string[] | undefined> {
  if (named.everyone !== 'here') return undefined;
  const here: string[] = [];
  for (let after = ''; ; ) {
    const page = await deps.store.read(async (tx) => {
      const access = await accessTo(tx, who, channelId);
      if (!access || allows(access, 'mention.everyone') !== 'allowed') return [];
      return tx.find(members, { prefix: [channelId], gt: after, limit: PAGE });
    });
    const states = await deps.presence.statesOf(page.map((m) => m.user_id));
    for (const [userId, state] of states) if (state === 'online' || state === 'dnd') here.push(userId);
    if (page.length < PAGE) return here;
    after = page[page.length - 1]!.user_id;
  }
}
