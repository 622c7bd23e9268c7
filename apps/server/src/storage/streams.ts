import type { Channel, ChannelEntity, Entity, Message } from '@parley/shared/protocol/entities';
import { channelStream, type StreamName } from '@parley/shared/domain/streams';
import type { ReadTx, StreamControl, Tx } from './port.ts';
import { channels, entities, heads, type ChannelRow, type EntityRow, type HeadRow } from './tables.ts';

/** The head of a stream; a stream that nothing was written to has rev 0. */
export async function headOf(tx: ReadTx, stream: StreamName): Promise<HeadRow> {
  return (await tx.get(heads, [stream])) ?? { stream, rev: 0, seq: 0, last_at: 0, floor: 0 };
}

/**
 * Takes the next rev of a user or workspace stream, stores the entity under it and emits the event.
 * `hidden` fields are kept in the row and never leave the server; `control` is what gateways obey before this change; `facts` are for durable consumers.
 */
export async function putEntity(tx: Tx, stream: StreamName, entity: { type: string; id: string } & Record<string, unknown>, options: { sort?: string | null; hidden?: Record<string, unknown>; control?: StreamControl[]; facts?: Record<string, unknown> } = {}): Promise<EntityRow> {
  const head = await headOf(tx, stream);
  const rev = head.rev + 1;
  const wire = { ...entity, rev } as Entity;
  const row: EntityRow = { stream, type: entity.type, id: entity.id, rev, sort: options.sort ?? null, doc: wire, ...options.hidden };
  await tx.put(heads, { ...head, rev });
  await tx.put(entities, row);
  tx.emit({ stream, from: head.rev, rev, seq: head.seq, entities: [wire], ...(options.control ? { control: options.control } : {}), ...(options.facts ? { facts: options.facts } : {}) });
  return row;
}

/**
 * One command's change of a channel's stream. It holds the head's lock from `begin`, gives revs and seqs, and writes the
 * head and one event at `end`, so that a command costs one head and one outbox row however much it changes.
 */
export class ChannelChange {
  private readonly from: number;
  private readonly changed: Entity[] = [];
  private readonly controls: StreamControl[] = [];
  private facts: Record<string, unknown> | undefined;

  private constructor(readonly tx: Tx, readonly channelId: string, readonly head: HeadRow) {
    this.from = head.rev;
  }

  static async begin(tx: Tx, channelId: string): Promise<ChannelChange> {
    return new ChannelChange(tx, channelId, await headOf(tx, channelStream(channelId)));
  }

  nextRev(): number {
    return ++this.head.rev;
  }

  nextSeq(): number {
    return ++this.head.seq;
  }

  /** The time of the next message: never at or before the last one's, so that time runs with seq. */
  nextTime(): number {
    this.head.last_at = Math.max(this.tx.now(), this.head.last_at + 1);
    return this.head.last_at;
  }

  /** A message that took a rev in this change; its document is told as it is now. */
  message(doc: Message): void {
    this.changed.push({ type: 'message', ...doc } as Entity);
  }

  /** Stores the channel under the next rev. */
  async channel(row: ChannelRow): Promise<ChannelRow> {
    row.rev = this.nextRev();
    await this.tx.put(channels, row);
    this.changed.push(channelEntity(row, this.head) as Entity);
    return row;
  }

  /** An entry of the channel's own log. It needs a rev, be it one that no entity carries. */
  control(entry: StreamControl): void {
    this.controls.push(entry);
  }

  fact(name: string, value: unknown): void {
    this.facts = { ...this.facts, [name]: value };
  }

  /** Writes the head and tells the change; nothing when no rev was taken. */
  async end(): Promise<void> {
    if (this.head.rev === this.from) {
      if (this.controls.length === 0) return;
      this.nextRev();
    }
    await this.tx.put(heads, this.head);
    this.tx.emit({
      stream: channelStream(this.channelId), from: this.from, rev: this.head.rev, seq: this.head.seq, entities: this.changed,
      ...(this.controls.length > 0 ? { control: this.controls } : {}), ...(this.facts ? { facts: this.facts } : {}),
    });
  }
}

/** The channel as it crosses the wire, with the head's fields of now. */
export function channelDoc(row: ChannelRow, head: Pick<HeadRow, 'rev' | 'seq'>): Channel {
  return { ...row.doc, head_seq: head.seq, head_rev: head.rev };
}

export function channelEntity(row: ChannelRow, head: Pick<HeadRow, 'rev' | 'seq'>): ChannelEntity {
  return { type: 'channel', ...channelDoc(row, head), rev: row.rev } as ChannelEntity;
}
