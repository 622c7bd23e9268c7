import type { ClientSession, Db, MongoClient, Timestamp } from 'mongodb';
import type { CommandHandler } from '../command.ts';
import { cloneJson } from '../json.ts';
import type { StoredEvent } from '../port.ts';
import type { StoreClock } from '../store-clock.ts';
import { BatchReads } from './batch-reads.ts';
import { failureOf } from './errors.ts';
import type { GuardedAnswers } from './guards.ts';
import { MongodbTx } from './mongodb-tx.ts';
import { Overlay } from './overlay.ts';
import { Reader } from './reader.ts';
import { Writes } from './writes.ts';

export interface Command {
  name: string;
  args: unknown;
  /** Where it is thought to write: commands of one place are best committed together, or after each other. */
  place: string;
}
export type Outcome = { ok: true; result: unknown } | { ok: false; error: unknown };
export interface Committed {
  outcomes: Outcome[];
  events: StoredEvent[];
}

export interface BatchOptions {
  client: MongoClient;
  db: Db;
  commands: Readonly<Record<string, CommandHandler<never, unknown>>>;
  clock: StoreClock;
  uuid(): string;
  /** Ends what must be this process's alone: outbox ids, versions of guards. */
  process: string;
  guarded: GuardedAnswers;
  /** The newest time that this process knows to be committed; its transactions begin no earlier. */
  floor(): Timestamp | undefined;
  /** How long an unknown result of a commit is asked after. */
  commitMs: number;
  committedAt(time: Timestamp): void;
}

const MAX_COMMIT_MS = 5_000;

/** Commands may have to be run again with violations looked for beforehand. */
export const CAREFUL = Symbol('careful');

/**
 * Runs commands in one transaction. Resolves after a majority has it in its journals.
 * `writing` is told of the events before they can be committed.
 * @throws the database's own error, with nothing committed, unless `failureOf` calls it `unknown`.
 */
export async function runBatch(options: BatchOptions, commands: readonly Command[], careful: boolean, writing: (events: readonly StoredEvent[]) => void): Promise<Committed | typeof CAREFUL> {
  const session = options.client.startSession({ causalConsistency: true });
  try {
    const floor = options.floor();
    if (floor) session.advanceOperationTime(floor);
    session.startTransaction({ readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority', j: true, wtimeoutMS: options.commitMs }, maxCommitTimeMS: MAX_COMMIT_MS });
    const done = await new Batch(options, session, commands, careful).execute(writing);
    if (done === CAREFUL) await session.abortTransaction();
    else await commit(session, options.commitMs);
    if (session.operationTime) options.committedAt(session.operationTime);
    return done;
  } finally {
    // Ends what is left open, too.
    await session.endSession();
  }
}

/** A command that was run with nothing but the database under it, to be taken as it is unless those before it speak against. */
interface Attempt {
  tx: MongodbTx;
  overlay: Overlay;
  outcome: Outcome;
}

class Batch {
  private readonly reads: BatchReads;
  private readonly overlay = new Overlay();

  constructor(private readonly options: BatchOptions, private readonly session: ClientSession, private readonly commands: readonly Command[], private readonly careful: boolean) {
    this.reads = new BatchReads(new Reader(options.db, session), options.guarded);
  }

  async execute(writing: (events: readonly StoredEvent[]) => void): Promise<Committed | typeof CAREFUL> {
    const { options, reads, overlay, commands } = this;
    for (const { place } of commands) reads.foresee(options.guarded.usually(place) ?? (place.startsWith('channel:') ? [place] : []));
    // All at once, so that what they read is asked for together; most of them have nothing to do with each other.
    const attempts = commands.length > 1 ? await Promise.all(commands.map(async (command) => this.attempt(command, new Overlay()))) : [];
    reads.throwFailure();
    const outcomes: Outcome[] = [];
    const events: StoredEvent[] = [];
    const writes = new Writes(options);
    for (const [i, command] of commands.entries()) {
      let attempt = attempts[i];
      if (attempt && !attempt.overlay.needsCare && !attempt.tx.isTouchedBy(overlay)) {
        overlay.begin();
        // What failed writes nothing, but may have failed for something that it wrote.
        if (attempt.outcome.ok || attempt.overlay.writes > 0) overlay.adopt(attempt.overlay);
      } else {
        attempt?.tx.end();
        attempt = await this.attempt(command, overlay);
        reads.throwFailure();
      }
      const { tx, outcome } = attempt;
      options.guarded.asked(command.place, tx.heads);
      if (outcome.ok) {
        events.push(...(await tx.finish(overlay)));
        if (overlay.writes > 0) writes.rely(tx);
      } else {
        tx.end();
        // What it wrote was taken for allowed; whether it was decides which error is its.
        if (!this.careful && overlay.writes > 0) return CAREFUL;
        overlay.undo();
      }
      reads.throwFailure();
      if (overlay.needsCare) return CAREFUL;
      outcomes.push(outcome);
    }
    await reads.idle();
    writing(events);
    await writes.send(this.session, overlay, events, this.careful);
    return { outcomes, events };
  }

  private async attempt(command: Command, overlay: Overlay): Promise<Attempt> {
    for (;;) {
      overlay.begin();
      const tx = new MongodbTx({ reads: this.reads, overlay, clock: this.options.clock, uuid: this.options.uuid, process: this.options.process, careful: this.careful });
      let outcome: Outcome;
      try {
        outcome = { ok: true, result: cloneJson(await this.call(command, tx)) };
      } catch (error) {
        outcome = { ok: false, error };
      }
      const unproven = this.reads.failure || overlay.needsCare ? [] : tx.unproven();
      if (unproven.length === 0) return { tx, overlay, outcome };
      this.reads.look(unproven);
      tx.end();
      overlay.undo();
    }
  }

  private async call(command: Command, tx: MongodbTx): Promise<unknown> {
    const handler = this.options.commands[command.name];
    if (!handler) throw new TypeError(`no command ${command.name}`);
    return handler(tx, cloneJson(command.args) as never);
  }
}

async function commit(session: ClientSession, commitMs: number): Promise<void> {
  const deadline = performance.now() + commitMs;
  for (;;) {
    try {
      return await session.commitTransaction();
    } catch (error) {
      // The same transaction may be committed again: it happens once.
      if (failureOf(error) !== 'unknown' || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
