import { deleteMessage, editMessage } from '@parley/shared/protocol/calls/messages';
import { joinChannel, leaveChannel } from '@parley/shared/protocol/calls/channels';
import { ackMany, markUnread } from '@parley/shared/protocol/calls/reading';
import type { Message } from '@parley/shared/protocol/entities';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { members, messages } from '../../storage/tables.ts';
import { Conversation, STORES } from '../../testing/conversation-world.ts';
import type { TestUser } from '../../testing/test-core.ts';
import { membershipRow } from '../membership/memberships.ts';

type Act =
  | { act: 'send'; by: number; name: number; reply: boolean; broadcast: boolean; quiet: boolean }
  | { act: 'edit'; by: number; which: number; name: number }
  | { act: 'delete' | 'ack' | 'mark_unread'; by: number; which: number }
  | { act: 'leave' | 'join'; by: number };

const who = fc.integer({ min: 0, max: 2 });
const which = fc.nat({ max: 40 });
const name = fc.integer({ min: 0, max: 5 });
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ act: fc.constant('send' as const), by: who, name, reply: fc.boolean(), broadcast: fc.boolean(), quiet: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('edit' as const), by: who, which, name }) },
  { weight: 4, arbitrary: fc.record({ act: fc.constantFrom('delete' as const, 'ack' as const, 'mark_unread' as const), by: who, which }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constantFrom('leave' as const, 'join' as const), by: who }) },
);

/** DESIGN "exact unread", said once more from the messages alone. */
async function naiveCounts(talk: Conversation, of: TestUser, channelId: string): Promise<{ unread: number; mentions: number } | undefined> {
  return talk.store.read(async (tx) => {
    const member = await tx.get(members, [channelId, of.id]);
    const membership = await membershipRow(tx, of.id, channelId);
    if (!member || !membership) return undefined;
    const all = await tx.find(messages, { prefix: [channelId], limit: 10_000 });
    const counting = all.map((row) => row.doc).filter((m: Message) =>
      m.seq > membership.doc.read_seq && m.kind !== 'system' && (m.parent_message_id === null || m.broadcast) && !m.quiet && !m.imported && !m.deleted && m.author_id !== of.id);
    const named = counting.filter((m) => m.mentions.user_ids.includes(of.id) || (m.mentions.everyone === 'channel' && m.seq > member.joined_seq));
    return { unread: counting.length, mentions: named.length };
  });
}

describe.each(STORES)('INV7 counts on $adapter', (adapter) => {
  it('INV7 equal a naive recount after any history', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 45 }), async (acts) => {
        const talk = await Conversation.open(adapter);
        try {
          const room = await talk.room('any', [talk.alice, talk.bob]);
          const people = [talk.olivia, talk.alice, talk.bob];
          const sent: Message[] = [];
          for (const step of acts) await perform(talk, room, people, sent, step);
          await talk.settle();
          for (const person of people) {
            const summary = await talk.summary(person, room);
            const naive = await naiveCounts(talk, person, room.id);
            expect(summary && { unread: summary.unread, mentions: summary.mentions }).toEqual(naive);
          }
        } finally {
          await talk.close();
        }
      }),
      { numRuns: adapter.adapter === 'memory' ? 60 : 15 },
    );
  });
});

async function perform(talk: Conversation, room: { id: string }, people: TestUser[], sent: Message[], step: Act): Promise<void> {
  const by = people[step.by]!;
  const naming = (n: number): string => (n < 3 ? `<@${people[n]!.id}>` : n === 3 ? '<!channel>' : n === 4 ? `<!channel> <@${people[step.by === 1 ? 2 : 1]!.id}>` : 'plain');
  const chosen = 'which' in step && sent.length > 0 ? sent[step.which % sent.length]! : undefined;
  // Refusals (not a member just then, not one's own) are part of the history: they must change nothing.
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    await work().catch((error: unknown) => {
      if (!(error instanceof Error) || !/: 4\d\d /.test(error.message)) throw error;
    });
  };
  switch (step.act) {
    case 'send':
      return attempt(async () => {
        const root = step.reply ? sent.find((m) => m.parent_message_id === null && !m.deleted) : undefined;
        sent.push(await talk.send(by, room, `${naming(step.name)} ${sent.length}`, { parent: root, broadcast: step.broadcast, quiet: step.quiet }));
      });
    case 'edit':
      return attempt(async () => chosen && talk.as(by).call(editMessage, { message_id: chosen.id, content: `${naming(step.name)} edited` }));
    case 'delete':
      return attempt(async () => chosen && talk.as(by).call(deleteMessage, { message_id: chosen.id }));
    case 'ack':
      return attempt(async () => chosen && talk.as(by).call(ackMany, { positions: [{ channel_id: room.id, read_epoch: 0, seq: chosen.seq }] }));
    case 'mark_unread':
      return attempt(async () => chosen && talk.as(by).call(markUnread, { channel_id: room.id, seq: chosen.seq }));
    case 'leave':
      return attempt(() => talk.as(by).call(leaveChannel, { channel_id: room.id }));
    case 'join':
      return attempt(() => talk.as(by).call(joinChannel, { channel_id: room.id }));
  }
}
