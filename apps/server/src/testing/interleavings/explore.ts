import { createHash } from 'node:crypto';
import type { CommandHandler } from '../../storage/command.ts';
import type { Snapshot } from '../../storage/memory/memory-tables.ts';
import { MemoryReadTx } from '../../storage/memory/memory-tx.ts';
import type { ReadTx, Store, StoredEvent } from '../../storage/port.ts';
import { TABLES } from '../../storage/tables.ts';
import { InterleavedStore, type Shared } from './interleaved-store.ts';

/** A use case. It knows nothing of others but through the store. */
export interface Act { name: string; run(store: Store): Promise<unknown> }

export interface Exploration {
  /** What is there when all begin. */
  from: Snapshot;
  acts: readonly Act[];
  /** What has to follow each commit, at least once. */
  follows?(event: StoredEvent): Act[];
  /** Work that waits in the store; begun as soon as it is there, once for each name. */
  work?(tx: ReadTx): Promise<Act[]>;
  /** Commands are two steps each, with what snapshot isolation allows in between. */
  snapshots: boolean;
  /** Acts that die between two of their steps and are done again from the start, at most, in one run. */
  crashes: number;
  commands: Readonly<Record<string, CommandHandler<never, unknown>>>;
  now: number;
  /** What must hold when nobody has anything left to do. Problems in words. */
  check(tx: ReadTx): Promise<string[]>;
}

interface Task { act: Act; steps: number; history: string; next: (() => void) | null; ended: boolean; dead: boolean }
type Choice = { task: number; dies: boolean };

const MOST_STEPS = 400;

/**
 * Runs the acts in every order of their steps. A state that was reached before, by whatever order, is not gone on from again:
 * what a task does next follows from what it has seen, and that is part of the state.
 * @throws Error with the order of steps that led to a problem.
 */
export async function explore(exploration: Exploration): Promise<{ runs: number; states: number }> {
  const seen = new Set<string>();
  let runs = 0;
  for (const pending: number[][] = [[]]; pending.length > 0; runs++) {
    const path = pending.pop()!;
    const { taken, alternatives } = await runOnce(exploration, path, seen);
    // Each later choice that was not taken is a run of its own.
    for (let at = path.length; at < taken.length; at++) for (let other = 1; other < alternatives[at]!; other++) pending.push([...taken.slice(0, at), other]);
  }
  return { runs, states: seen.size };
}

async function runOnce(exploration: Exploration, path: readonly number[], seen: Set<string>): Promise<{ taken: number[]; alternatives: number[] }> {
  const tasks: Task[] = [];
  const order: string[] = [];
  const works = new Set<string>();
  const shared: Shared = {
    snapshot: exploration.from, commands: exploration.commands, now: exploration.now,
    committed: (events) => { for (const event of events) for (const act of exploration.follows?.(event) ?? []) begin(act); },
  };
  let failure: unknown;
  const begin = (act: Act): void => {
    const task: Task = { act, steps: 0, history: '', next: null, ended: false, dead: false };
    tasks.push(task);
    const turn = (done: string): Promise<void> => {
      task.history = createHash('sha256').update(`${task.history} ${done}`).digest('base64url');
      return new Promise((resolve) => { task.next = resolve; });
    };
    const store = new InterleavedStore(shared, tasks.length, turn, exploration.snapshots) as unknown as Store;
    act.run(store).then(() => { task.ended = true; }, (error: unknown) => { task.ended = true; failure ??= error; });
  };
  const settled = async (): Promise<void> => { for (let i = 0; tasks.some((t) => !t.ended && !t.dead && t.next === null); i++) { if (i > 10_000) throw new Error('a task waits for something other than the store'); await Promise.resolve(); } };

  for (const act of exploration.acts) begin(act);
  const taken: number[] = [];
  const alternatives: number[] = [];
  let crashes = exploration.crashes;
  for (;;) {
    await settled();
    if (failure !== undefined) throw new Error(`failed after ${order.join(' · ')}`, { cause: failure });
    const tx = new MemoryReadTx(shared.snapshot);
    for (const act of (await exploration.work?.(tx)) ?? []) {
      if (works.has(act.name)) continue;
      works.add(act.name);
      begin(act);
    }
    await settled();
    const alive = tasks.flatMap((task, i): Choice[] => (task.ended || task.dead ? [] : [{ task: i, dies: false }]));
    const choices = [...alive, ...(crashes > 0 ? alive.filter(({ task }) => tasks[task]!.steps > 0).map(({ task }) => ({ task, dies: true })) : [])];
    if (choices.length === 0) {
      const found = await exploration.check(tx);
      if (found.length > 0) throw new Error(`${found.join('; ')} after ${order.join(' · ')}`);
      return { taken, alternatives };
    }
    if (taken.length >= path.length) {
      const state = stateOf(shared.snapshot, tasks, crashes);
      if (seen.has(state)) return { taken, alternatives };
      seen.add(state);
    }
    if (taken.length > MOST_STEPS) throw new Error(`no end after ${order.slice(-40).join(' · ')}`);
    const pick = path[taken.length] ?? 0;
    taken.push(pick);
    alternatives.push(choices.length);
    const { task: index, dies } = choices[pick]!;
    const task = tasks[index]!;
    order.push(`${task.act.name}${dies ? ' dies' : ''}`);
    if (dies) {
      crashes--;
      task.dead = true;
      begin({ ...task.act, name: `${task.act.name} again` });
    } else {
      const { next } = task;
      task.next = null;
      task.steps++;
      next!();
    }
  }
}

/** All rows, and what each task has seen: of what ended only the effect is left. */
function stateOf(snapshot: Snapshot, tasks: readonly Task[], crashes: number): string {
  const hash = createHash('sha256').update(String(crashes));
  for (const table of TABLES) hash.update(table.name).update(rowsOf(snapshot, table.name));
  for (const line of tasks.filter((t) => !t.ended && !t.dead).map((t) => `${t.act.name} ${t.steps} ${t.history}`).sort()) hash.update(line);
  return hash.digest('base64url');
}

const known = new WeakMap<object, string>();
function rowsOf(snapshot: Snapshot, name: string): string {
  const rows = snapshot[name]?.[''];
  if (!rows) return '';
  let text = known.get(rows);
  if (text === undefined) known.set(rows, (text = JSON.stringify(rows.slice(0, rows.size))));
  return text;
}
