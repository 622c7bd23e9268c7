import { uuidv7 } from '../domain/ids.ts';
import type { Entity, Message } from '../protocol/entities.ts';
import type { Position } from '../protocol/calls/reading.ts';
import type { OutboxRecord } from './acts.ts';
import type { Engine, OutboxItem } from './api.ts';
import type { Drafts } from './drafts.ts';
import type { Outbox } from './outbox.ts';
import type { Clock, Random } from './ports.ts';
import type { Reads } from './reads.ts';
import type { Replica } from './replica.ts';

const SHOWN: ReadonlySet<string> = new Set(['send', 'edit', 'delete', 'react', 'pin', 'mark_unread', 'schedule']);

/** Turns what a person does into acts of the outbox, and the server's answers into what is held. */
export class Acting {
  constructor(private readonly replica: Replica, private readonly outbox: Outbox, private readonly reads: Reads, private readonly drafts: Drafts) {}

  async send(message: Parameters<Engine['send']>[0], clock: Clock, random: Random): Promise<void> {
    const { channelId, content, rootId = null, broadcast = false, kind = 'text', quiet = false, files = [] } = message;
    const clientMsgId = message.clientMsgId ?? uuidv7(clock, random);
    if (this.outbox.findSend(channelId, clientMsgId)) return;
    const draft = this.drafts.take(channelId, rootId, clientMsgId);
    try {
      await this.outbox.add(channelId, { act: 'send', clientMsgId, content, rootId, broadcast, kind, quiet, ...(files.length > 0 && { files }) }, draft.changes, message.holdMs);
    } catch (error) {
      draft.restore();
      throw error;
    }
  }

  async schedule(message: Parameters<Engine['schedule']>[0], clock: Clock, random: Random): Promise<void> {
    const { channelId, content, rootId = null, broadcast = false, quiet = false, sendAt } = message;
    const clientMsgId = message.clientMsgId ?? uuidv7(clock, random);
    // Only text is scheduled: what is added to it stays where it is.
    const draft = this.drafts.take(channelId, rootId, clientMsgId, true);
    try {
      await this.outbox.add(channelId, { act: 'schedule', clientMsgId, content, rootId, broadcast, quiet, sendAt }, draft.changes);
    } catch (error) {
      draft.restore();
      throw error;
    }
  }

  /** Out of the outbox and back into the draft in one write, so that the text is never in both or neither. */
  async unsend(channelId: string, clientMsgId: string): Promise<string | null> {
    const record = this.outbox.findSend(channelId, clientMsgId);
    if (record?.what.act !== 'send' || !this.outbox.canTakeBack(record.id)) return null;
    const { content, kind, rootId, files = [] } = record.what;
    const draft = this.drafts.giveBack(channelId, rootId, kind === 'me' ? `/me ${content}` : content, files.map((file) => file.id));
    try {
      await this.outbox.takeBack(record.id, draft.changes);
    } catch (error) {
      draft.restore();
      throw error;
    }
    return draft.content;
  }

  /** A message that is still waiting is changed where it waits; once the server may have it, an edit follows it. */
  async edit(channelId: string, messageId: string, content: string): Promise<void> {
    if (await this.outbox.rewrite(channelId, messageId, content)) return;
    await this.outbox.add(channelId, { act: 'edit', messageId, content });
  }

  async delete(channelId: string, messageId: string): Promise<void> {
    const waiting = this.outbox.findSend(channelId, messageId);
    if (waiting && (!waiting.attempted || waiting.refused)) return this.outbox.discard(waiting.id);
    await this.outbox.add(channelId, { act: 'delete', messageId });
  }

  async markUnread(channelId: string, seq: number, rootId: string | null): Promise<void> {
    const before = this.outbox.of(channelId).some((r) => r.what.act === 'mark_unread' && r.what.rootId === rootId && !r.refused);
    await this.outbox.add(channelId, { act: 'mark_unread', seq, rootId, fromEpoch: before ? null : this.replica.position(channelId, rootId).epoch });
  }

  answered(record: OutboxRecord, value: unknown): void {
    switch (record.what.act) {
      case 'send':
        return this.replica.applyMessage((value as { message: Message }).message, true);
      case 'edit':
      case 'delete':
      case 'react':
      case 'pin':
        return this.replica.applyMessage(value as Message, false);
      case 'mark_unread': {
        const position = value as Position;
        this.replica.moveTo(record.channelId, record.what.rootId, { epoch: position.read_epoch, seq: position.read_seq });
        return this.reads.marked(record, position.read_epoch);
      }
      case 'save':
      case 'schedule':
      case 'reschedule':
      case 'section':
      case 'preference':
        // As the user stream will say it, which may come later than the answer.
        return this.replica.applyAnswer(value as Entity);
      case 'unsave':
        return this.replica.applyDropped('saved', record.what.messageId);
      case 'unschedule':
        return this.replica.applyDropped('scheduled', record.what.scheduledId);
      case 'drop_section':
        return this.replica.applyDropped('section', record.what.sectionId);
      case 'follow':
      case 'level':
        // The entity that the answer shows comes by the user stream, with its rev.
        return;
    }
  }

  items(): OutboxItem[] {
    return this.outbox.all().map((record): OutboxItem => {
      const { what } = record;
      const act = SHOWN.has(what.act) ? (what.act as OutboxItem['act']) : 'call';
      const key = what.act === 'send' ? what.clientMsgId : 'messageId' in what ? what.messageId : null;
      return { id: record.id, act, channelId: record.channelId || null, rootId: 'rootId' in what ? what.rootId : null, content: 'content' in what ? what.content : null, files: what.act === 'send' ? (what.files ?? []) : [], state: this.outbox.stateOf(record.id), key };
    });
  }
}
