import type { Clock } from '@parley/shared/domain/clock';
import { uuidv7 } from '@parley/shared/domain/ids';
import type { Random } from '@parley/shared/domain/random';
import { ParleyError } from '@parley/shared/protocol/errors';
import type { CommandHandler } from '../command.ts';
import { COMMANDS, type CommandArgs, type CommandName, type CommandResult } from '../commands.ts';
import { cloneJson } from '../json.ts';
import type { KeyPart, ReadTx, Row, Store, StoredEvent, Table } from '../port.ts';
import { StoreClock } from '../store-clock.ts';
import { outbox } from '../tables.ts';
import { MAX_CONFLICTS, type Fault, type Faults, type YieldPoint } from './faults.ts';
import { findRows, type Snapshot } from './memory-tables.ts';
import { MemoryReadTx, MemoryTx } from './memory-tx.ts';

/** What outlives a server: hand it to the next one. `snapshot` is never changed, so keeping one is a backup. */
export interface MemoryState {
  snapshot: Snapshot;
  incarnation: string;
  /** Set where several stores work on this state at once, as several processes on one database do. */
  together?: Together;
}

/** Stores of several processes commit one after the other, by one clock. */
export interface Together {
  clock?: StoreClock;
  /** The last commit that was begun. */
  turn: Promise<void>;
  /** Told of each commit, in their order. */
  committed(events: StoredEvent[]): void;
}

export interface MemoryStoreOptions {
  clock: Pick<Clock, 'now'>;
  random: Random;
  /** The state of an earlier store; absent: empty. */
  state?: MemoryState;
  /** Set it to another one to simulate a restored backup. */
  incarnation?: string;
  faults?: Faults;
  /** Awaited at each point where another party may go first; simulations put their scheduler here. */
  onYield?: (point: YieldPoint) => Promise<void>;
  /** Commands by name; by default those of the product. */
  commands?: Readonly<Record<string, CommandHandler<never, unknown>>>;
}

/** The in-memory Store, with two means beyond the port for simulations. */
export interface MemoryStore extends Store {
  readonly state: MemoryState;
  /** Stops at once, as a killed process does: what was not committed is gone, and nobody is told of what was. */
  crash(): void;
}

const MAX_BATCH = 64;

interface Waiting {
  name: string;
  args: unknown;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}
type Outcome = { ok: true; result: unknown } | { ok: false; error: unknown };

/**
 * A Store that lives as long as its state object, for simulations and tests. Commands run one after the other and are
 * committed in batches; readers see whole batches only.
 */
export function openMemoryStore(options: MemoryStoreOptions): MemoryStore {
  return new SerialMemoryStore(options);
}

class SerialMemoryStore implements MemoryStore {
  readonly state: MemoryState;
  private readonly queue: Waiting[] = [];
  private readonly listeners = new Set<(events: StoredEvent[]) => void>();
  private readonly clock: StoreClock;
  private readonly commands: Readonly<Record<string, CommandHandler<never, unknown>>>;
  private readonly known: string;
  private draining: Promise<void> | undefined;
  private closed = false;
  private crashed = false;

  constructor(private readonly options: MemoryStoreOptions) {
    this.state = options.state ?? { snapshot: {}, incarnation: options.incarnation ?? uuidv7(options.clock, options.random) };
    if (options.incarnation) this.state.incarnation = options.incarnation;
    this.known = this.state.incarnation;
    this.commands = options.commands ?? (COMMANDS as Readonly<Record<string, CommandHandler<never, unknown>>>);
    const newest = findRows(this.state.snapshot, outbox, { reverse: true, limit: 1 })[0];
    this.clock = this.state.together?.clock ?? new StoreClock(() => options.clock.now(), newest?.id);
    if (this.state.together) this.state.together.clock = this.clock;
  }

  async read<T>(work: (tx: ReadTx) => Promise<T>): Promise<T> {
    this.refuseWhenClosed();
    await this.options.onYield?.('read');
    this.refuseWhenClosed();
    return work(new MemoryReadTx(this.state.snapshot));
  }

  async recall<R extends Row>(table: Table<R>, key: readonly KeyPart[]): Promise<R | undefined> {
    return this.read((tx) => tx.get(table, key));
  }

  async run<N extends CommandName>(name: N, args: CommandArgs<N>): Promise<CommandResult<N>> {
    this.refuseWhenClosed();
    const result = await new Promise<unknown>((resolve, reject) => {
      this.queue.push({ name, args: cloneJson(args), resolve, reject });
      this.draining ??= this.drain();
    });
    return result as CommandResult<N>;
  }

  onCommitted(listener: (events: StoredEvent[]) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  incarnation(): string {
    return this.known;
  }

  async health(): Promise<{ adapter: string; settings: Record<string, string | number>; problems: string[] }> {
    return { adapter: 'memory', settings: {}, problems: this.closed ? ['closed'] : [] };
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.draining;
  }

  crash(): void {
    this.closed = this.crashed = true;
    for (const waiting of this.queue.splice(0)) waiting.reject(unavailable());
  }

  private refuseWhenClosed(): void {
    if (this.closed) throw new ParleyError('unavailable', 'the store is closed');
  }

  private async drain(): Promise<void> {
    // Let the callers of this turn in, so that they share a batch.
    await Promise.resolve();
    try {
      while (this.queue.length > 0) {
        await this.options.onYield?.('command');
        await this.commit(this.queue.splice(0, MAX_BATCH));
      }
    } catch (error) {
      for (const waiting of this.queue.splice(0)) waiting.reject(error);
    } finally {
      this.draining = undefined;
    }
  }

  private async commit(batch: Waiting[]): Promise<void> {
    const { together } = this.state;
    const events: StoredEvent[] = [];
    const outcomes: Outcome[] = [];
    const write = async (): Promise<void> => {
      let snapshot = this.state.snapshot;
      for (const waiting of batch) {
        const done = await this.execute(waiting, snapshot);
        snapshot = done.snapshot;
        events.push(...done.events);
        outcomes.push(done.outcome);
      }
      if (this.crashed) return;
      this.state.snapshot = snapshot;
      if (events.length > 0) together?.committed(events);
    };
    if (together) await (together.turn = together.turn.then(write));
    else await write();
    try {
      await this.options.onYield?.('committed');
    } catch (error) {
      for (const waiting of batch) waiting.reject(error);
      throw error;
    }
    if (this.crashed) {
      for (const waiting of batch) waiting.reject(unavailable());
      return;
    }
    if (events.length > 0) for (const listener of [...this.listeners]) listener(events);
    batch.forEach((waiting, i) => void this.answer(waiting, outcomes[i]!));
  }

  private async answer(waiting: Waiting, outcome: Outcome): Promise<void> {
    try {
      await this.options.onYield?.('answer');
    } catch (error) {
      waiting.reject(error);
      return;
    }
    if (this.crashed) waiting.reject(unavailable());
    else if (outcome.ok) waiting.resolve(outcome.result);
    else waiting.reject(outcome.error);
  }

  /** Runs one command with its planned faults and answers the state it leaves: on failure the one it found. */
  private async execute(waiting: Waiting, before: Snapshot): Promise<{ snapshot: Snapshot; events: StoredEvent[]; outcome: Outcome }> {
    let snapshot = before;
    const events: StoredEvent[] = [];
    let repeated = false;
    for (let attempt = 1; ; attempt++) {
      const fault: Fault = this.options.faults?.(waiting.name, attempt) ?? 'none';
      const done = await this.attempt(waiting, snapshot);
      if (fault === 'conflict' && attempt <= MAX_CONFLICTS) continue;
      if (fault === 'lost') return { snapshot, events, outcome: { ok: false, error: unavailable() } };
      snapshot = done.snapshot;
      events.push(...done.events);
      if (!done.outcome.ok) return { snapshot, events, outcome: repeated ? { ok: false, error: unavailable() } : done.outcome };
      if (fault === 'unknown') return { snapshot, events, outcome: { ok: false, error: unavailable() } };
      if (fault !== 'duplicate' || repeated) return { snapshot, events, outcome: done.outcome };
      repeated = true;
    }
  }

  private async attempt(waiting: Waiting, before: Snapshot): Promise<{ snapshot: Snapshot; events: StoredEvent[]; outcome: Outcome }> {
    try {
      const handler = this.commands[waiting.name];
      if (!handler) throw new TypeError(`no command ${waiting.name}`);
      const tx = new MemoryTx(before, this.clock, () => uuidv7(this.options.clock, this.options.random));
      const result = cloneJson(await handler(tx, cloneJson(waiting.args) as never));
      return { ...tx.finish(), outcome: { ok: true, result } };
    } catch (error) {
      return { snapshot: before, events: [], outcome: { ok: false, error } };
    }
  }
}

const unavailable = (): ParleyError => new ParleyError('unavailable', 'the result of the commit is unknown', { retry_after_ms: 100 });
