import { accessSync, writeSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { ParleyError } from '@parley/shared/protocol/errors';
import type { Metrics } from '../../platform/metrics.ts';
import type { Row, Store } from '../port.ts';
import { openSqliteStore } from '../sqlite/sqlite-store.ts';
import { runScript, TABLES } from '../testing.commands.ts';

/**
 * A process of its own for tests that disturb its disk: `store.child.ts PLAN FILE`. It tells what happened, one JSON
 * object a line, and kills itself at the end, so that nothing is closed.
 */
const [plan, file] = process.argv.slice(2) as ['rounds' | 'until-refused' | 'flood', string];
const batches: number[] = [];
const metrics: Metrics = { count() {}, gauge() {}, observe: (name, value) => void (name === 'parley_commit_batch_size' && batches.push(value)) };
const tell = (what: object): void => void writeSync(1, `${JSON.stringify(what)}\n`);
/** A mark that a trace of system calls shows in its place. */
const mark = (name: string): void => {
  try {
    accessSync(`/parley-mark/${name}`);
  } catch {
    // There is no such file: the question was the mark.
  }
};

const add = async (store: Store, id: string): Promise<string> => {
  const row: Row = { group: 'g', id, rest: 'x'.repeat(200) };
  await runScript(store, [{ do: 'put', row }]);
  return id;
};

async function attempt(store: Store, id: string): Promise<{ id: string; code?: string; retry_after_ms?: number }> {
  try {
    return { id: await add(store, id) };
  } catch (error) {
    if (!(error instanceof ParleyError)) throw error;
    return { id, code: error.code, ...(error.extra.retry_after_ms === undefined ? {} : { retry_after_ms: error.extra.retry_after_ms }) };
  }
}

const store = await openSqliteStore({ file, tables: TABLES, commandsModule: new URL('../testing.commands.ts', import.meta.url).href, metrics });
tell({ opened: await store.health() });

if (plan === 'rounds') {
  for (let round = 0; round < 20; round++) {
    mark(`begin-${round}`);
    const before = batches.length;
    await Promise.all(Array.from({ length: 1 + (round % 7) * 5 }, async (_, i) => add(store, `${round}-${i}`)));
    mark(`end-${round}`);
    tell({ round, commits: batches.length - before });
  }
} else if (plan === 'until-refused') {
  for (let n = 0; n < 60; n++) tell(await attempt(store, `n${n}`));
  tell({ health: await store.health() });
} else {
  await flood();
}
process.kill(process.pid, 'SIGKILL');

/** More than the disk can take, while the event loop is watched. */
async function flood(): Promise<void> {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  let done = 0;
  const first = add(store, 'first').then(() => done++);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  delay.enable();
  const answers: { code?: string; retry_after_ms?: number }[] = [];
  for (let n = 0; n < 8_000; n++) {
    void attempt(store, `f${n}`).then((answer) => answers.push(answer));
    if (n % 200 === 199) await new Promise((resolve) => setImmediate(resolve));
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  delay.disable();
  const refused = answers.filter((answer) => answer.code !== undefined);
  await first;
  // Enough of what was taken in to see that it is answered in full batches.
  while (batches.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
  tell({ done, refused: refused.length, codes: [...new Set(refused.map((r) => r.code))], least_retry_after_ms: Math.min(...refused.map((r) => r.retry_after_ms ?? 0)), batches: batches.slice(0, 2), loop_ms: delay.max / 1e6 });
}
