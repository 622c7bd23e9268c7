import type { Message } from '../protocol/entities.ts';

/** Messages of one channel by seq, in order, found by id and by the sender's own id as well. */
export class Rows {
  private readonly messages = new Map<number, Message>();
  private readonly ids = new Map<string, number>();
  private readonly sent = new Map<string, number>();
  /** Ascending. */
  private order: number[] = [];

  get size(): number { return this.order.length; }
  bySeq(seq: number): Message | undefined { return this.messages.get(seq); }
  byId(id: string): Message | undefined {
    const seq = this.ids.get(id);
    return seq === undefined ? undefined : this.messages.get(seq);
  }
  bySent(authorId: string, clientMsgId: string): Message | undefined {
    const seq = this.sent.get(`${authorId}/${clientMsgId}`);
    return seq === undefined ? undefined : this.messages.get(seq);
  }
  lastSeq(): number { return this.order.at(-1) ?? 0; }
  /** A copy, ascending. */
  seqs(): number[] { return [...this.order]; }

  set(message: Message): void {
    if (!this.messages.has(message.seq)) this.order.splice(this.find(message.seq), 0, message.seq);
    this.messages.set(message.seq, message);
    this.ids.set(message.id, message.seq);
    this.sent.set(`${message.author_id}/${message.client_msg_id}`, message.seq);
  }

  delete(seq: number): boolean {
    const message = this.messages.get(seq);
    if (!message) return false;
    this.messages.delete(seq);
    this.ids.delete(message.id);
    this.sent.delete(`${message.author_id}/${message.client_msg_id}`);
    this.order.splice(this.find(seq), 1);
    return true;
  }

  /** All of them below a seq, in one go. */
  deleteBelow(seq: number): void {
    for (const gone of this.order.splice(0, this.find(seq))) {
      const message = this.messages.get(gone)!;
      this.messages.delete(gone);
      this.ids.delete(message.id);
      this.sent.delete(`${message.author_id}/${message.client_msg_id}`);
    }
  }

  clear(): void {
    this.messages.clear();
    this.ids.clear();
    this.sent.clear();
    this.order = [];
  }

  /** Rows with from ≤ seq ≤ to, ascending. */
  *between(from: number, to: number): Generator<Message> {
    for (let i = this.find(from); i < this.order.length && this.order[i]! <= to; i++) yield this.messages.get(this.order[i]!)!;
  }

  /** Where `seq` is or would be. */
  private find(seq: number): number {
    let low = 0;
    let high = this.order.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.order[middle]! < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
