import { randomUUID } from 'node:crypto';
import { sendMessage } from '@parley/shared/protocol/calls/messages';
import type { SignedIn } from './device.ts';
import type { Ledger, Sent } from './ledger.ts';
import { NodeTransport } from './node-transport.ts';

export interface LoadOptions {
  address: () => string;
  people: readonly SignedIn[];
  channels: readonly string[];
  /** Sends a second, over all senders. */
  rate: number;
  senders?: number;
}

/** A send that nobody acknowledges in this time, however often it is tried, is one that failed. */
const PATIENCE_MS = 45_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/** People who keep on sending, each send tried until it is acknowledged, as a client's outbox does. */
export class Load {
  #going = true;
  readonly #work: Promise<void>[];
  readonly #waiters = new Set<{ acks: number; then: () => void }>();
  #acks = 0;

  constructor(private readonly ledger: Ledger, private readonly options: LoadOptions) {
    const senders = options.senders ?? 8;
    this.#work = Array.from({ length: senders }, (_, i) => this.#sender(options.people[i % options.people.length]!, i, (senders / options.rate) * 1_000));
  }

  get acks(): number { return this.#acks; }

  /** Resolves when so many more sends were acknowledged. */
  async more(count: number): Promise<void> {
    await new Promise<void>((then) => this.#waiters.add({ acks: this.#acks + count, then }));
  }

  /** No new sends; resolves when those under way were acknowledged, or given up. */
  async stop(): Promise<void> {
    this.#going = false;
    await Promise.all(this.#work);
  }

  async #sender(person: SignedIn, number: number, everyMs: number): Promise<void> {
    const wire = new NodeTransport(this.options.address, person.token);
    const begun = performance.now() + (everyMs * number) / Math.max(1, this.#work?.length ?? 8);
    for (let n = 0; this.#going; n++) {
      const due = begun + n * everyMs;
      await pause(Math.max(0, due - performance.now()));
      const channelId = this.options.channels[(number + n) % this.options.channels.length]!;
      const sent: Sent = { channelId, authorId: person.id, clientMsgId: randomUUID(), content: `${person.username} ${number}-${n}`, ack: null, failures: [], ms: 0 };
      this.ledger.sent.push(sent);
      await this.#send(wire, sent);
    }
  }

  async #send(wire: NodeTransport, sent: Sent): Promise<void> {
    const started = performance.now();
    let wait = FIRST_PAUSE_MS;
    for (;;) {
      const outcome = await wire.call(sendMessage, { channel_id: sent.channelId, content: sent.content, client_msg_id: sent.clientMsgId });
      if (outcome.kind === 'ok') {
        const { message_id, seq, rev } = outcome.value;
        this.ledger.acknowledge(sent, { message_id, seq, rev });
        sent.ms = performance.now() - started;
        this.#acks++;
        for (const waiter of this.#waiters) if (this.#acks >= waiter.acks && this.#waiters.delete(waiter)) waiter.then();
        return;
      }
      const why = outcome.kind === 'problem' ? `${outcome.problem.status} ${outcome.problem.code}` : outcome.reason;
      sent.failures.push(why);
      if (outcome.kind === 'problem' && outcome.problem.status < 500 && outcome.problem.status !== 429) return void this.ledger.wrong.push(`${sent.clientMsgId} was refused: ${why} ${outcome.problem.detail}`);
      if (performance.now() - started > PATIENCE_MS) return void this.ledger.wrong.push(`${sent.clientMsgId} was not acknowledged in ${PATIENCE_MS} ms: ${sent.failures.slice(-3).join('; ')}`);
      await pause(Math.max(wait, outcome.kind === 'problem' ? (outcome.retryAfterMs ?? 0) : 0));
      wait = Math.min(wait * 2, LONGEST_PAUSE_MS);
    }
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));
