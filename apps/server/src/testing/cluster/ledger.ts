/** One send, from the first try to its acknowledgement. */
export interface Sent {
  channelId: string;
  authorId: string;
  clientMsgId: string;
  content: string;
  /** As acknowledged; null while nobody knows. */
  ack: { message_id: string; seq: number; rev: number } | null;
  /** What became of tries that were not acknowledged. */
  failures: string[];
  /** From the first try to the acknowledgement. */
  ms: number;
}

/** Every send of a test, and what was said about it. */
export class Ledger {
  sent: Sent[] = [];
  /** Answers that no retry mends, and acknowledgements that contradict each other. */
  readonly wrong: string[] = [];

  get acknowledged(): Sent[] { return this.sent.filter((s) => s.ack !== null); }

  /** Tries that were not acknowledged, by what became of them. */
  get failures(): string[] { return this.sent.flatMap((s) => s.failures); }

  acknowledge(sent: Sent, ack: NonNullable<Sent['ack']>): void {
    if (sent.ack && (sent.ack.message_id !== ack.message_id || sent.ack.seq !== ack.seq)) this.wrong.push(`${sent.clientMsgId} was acknowledged as ${JSON.stringify(sent.ack)} and as ${JSON.stringify(ack)}`);
    sent.ack = ack;
  }
}
