import type { Clock } from '@parley/shared/domain/clock';
import type { StreamName } from '@parley/shared/domain/streams';
import { partitionOf } from '../../log/partition.ts';

/** Streams asked for in one message. */
const ASK_STREAMS = 1_000;
/** A question that was not answered for so long is put again: it may be lost. */
const ANSWER_MS = 3_000;
/** So many of them at once. */
const LATE_STREAMS = 10_000;

/** What a gateway tells the dispatcher of a partition. */
export interface Ask {
  gateway: string;
  /** In order: `+` and a stream to follow, `-` and one to follow no more. */
  ops: string[];
  /** Everything that it follows, to an owner that need not answer what it was asked already. */
  introduced?: boolean;
}

export interface SubscriptionsParts {
  gateway: string;
  clock: Clock;
  /** False: it is lost; all is asked again when Redis is back. */
  publish(partition: number, ask: Ask): boolean;
  /** Whether the partition has an owner as far as is known. */
  isOwned(partition: number): boolean;
}

const ownerOf = (dispatcher: string, token: number): string => `${dispatcher} ${token}`;

/**
 * What a gateway follows, kept by itself: dispatchers are asked now, whenever a partition has another owner, and again
 * for what stays without an answer. Nothing of it is in Redis, so nothing goes stale there.
 */
export class Subscriptions {
  readonly #streams = new Map<number, Set<StreamName>>();
  /** What was not asked yet, by partition, in order. */
  readonly #waiting = new Map<number, string[]>();
  /** When the question was put, earliest first. */
  readonly #unanswered = new Map<StreamName, number>();
  /** To which owner, under which token, a partition's streams were introduced. */
  readonly #introduced = new Map<number, string>();
  #turn: NodeJS.Immediate | null = null;
  /** Answers can be heard. */
  #open = false;

  constructor(private readonly parts: SubscriptionsParts) {}

  /** From now on answers come: what waited is asked. */
  open(): void {
    this.#open = true;
    this.flush();
  }

  /** Asks, whether it is new or not. Returns whether it is. */
  add(stream: StreamName): boolean {
    const partition = partitionOf(stream);
    const streams = this.#streams.get(partition);
    const known = streams?.has(stream) ?? false;
    if (streams) streams.add(stream);
    else this.#streams.set(partition, new Set([stream]));
    this.#unanswered.delete(stream);
    this.#unanswered.set(stream, this.parts.clock.now());
    this.#ask(partition, `+${stream}`);
    return !known;
  }

  remove(stream: StreamName): void {
    const partition = partitionOf(stream);
    if (!this.#streams.get(partition)?.delete(stream)) return;
    this.#unanswered.delete(stream);
    this.#ask(partition, `-${stream}`);
  }

  has(stream: StreamName): boolean {
    return this.#streams.get(partitionOf(stream))?.has(stream) ?? false;
  }

  answered(stream: StreamName, dispatcher: string, token: number): void {
    this.#unanswered.delete(stream);
    // Who answers needs no introduction, unless it follows another.
    const partition = partitionOf(stream);
    if (!this.#introduced.has(partition)) this.#introduced.set(partition, ownerOf(dispatcher, token));
  }

  /** Events of it come though it is not followed: the dispatcher did not hear. */
  unwanted(stream: StreamName): void {
    this.#ask(partitionOf(stream), `-${stream}`);
  }

  /** A dispatcher owns the partition; one that does not know the streams is told them. `anew`: it may have missed something. */
  introduce(partition: number, dispatcher: string, token: number, anew: boolean): void {
    const owner = ownerOf(dispatcher, token);
    const known = this.#introduced.get(partition) === owner;
    if (known && !anew) return;
    this.#introduced.set(partition, owner);
    this.#askAll(partition, true);
    if (!known) this.#await(partition);
  }

  /** Answers and events may be lost: asks for everything. Returns how many streams. */
  again(): number {
    let asked = 0;
    for (const partition of this.#streams.keys()) {
      asked += this.#askAll(partition, false);
      // Its owner may not listen again yet.
      this.#await(partition);
    }
    return asked;
  }

  /** Asks again what was not answered in time. Returns how many streams. */
  late(): number {
    const now = this.parts.clock.now();
    const late: StreamName[] = [];
    for (const [stream, at] of this.#unanswered) {
      if (now - at < ANSWER_MS || late.length >= LATE_STREAMS) break;
      if (this.parts.isOwned(partitionOf(stream))) late.push(stream);
    }
    for (const stream of late) this.add(stream);
    return late.length;
  }

  /** Says goodbye to all dispatchers. */
  leave(): void {
    for (const streams of this.#streams.values()) for (const stream of [...streams]) this.remove(stream);
    this.flush();
  }

  /** Asks now what waits for the end of this turn. */
  flush(): void {
    if (this.#turn) clearImmediate(this.#turn);
    this.#turn = null;
    if (!this.#open) return;
    for (const [partition, ops] of this.#waiting) {
      this.#waiting.delete(partition);
      this.#publish(partition, ops, false);
    }
  }

  #await(partition: number): void {
    const now = this.parts.clock.now();
    for (const stream of this.#streams.get(partition) ?? []) {
      this.#unanswered.delete(stream);
      this.#unanswered.set(stream, now);
    }
  }

  #ask(partition: number, op: string): void {
    const ops = this.#waiting.get(partition);
    if (ops) ops.push(op);
    else this.#waiting.set(partition, [op]);
    if (this.#open) this.#turn ??= setImmediate(() => this.flush());
  }

  #askAll(partition: number, introduced: boolean): number {
    const streams = this.#streams.get(partition);
    if (!this.#open || !streams || streams.size === 0) return 0;
    const ops = this.#waiting.get(partition);
    this.#waiting.delete(partition);
    // Streams that go are told first; those that are followed are among all.
    if (ops) this.#publish(partition, ops, false);
    this.#publish(partition, [...streams].map((stream) => `+${stream}`), introduced);
    return streams.size;
  }

  #publish(partition: number, ops: readonly string[], introduced: boolean): void {
    for (let i = 0; i < ops.length; i += ASK_STREAMS) {
      if (!this.parts.publish(partition, { gateway: this.parts.gateway, ops: ops.slice(i, i + ASK_STREAMS), ...(introduced && { introduced }) })) return;
    }
  }
}
