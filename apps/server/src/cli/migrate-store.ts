import { loadConfig, type Settings } from '../config/load-config.ts';
import { moveStore, MoveMismatch, type Moved, type MoveProgress } from '../storage/move/move-store.ts';
import { UsageError, type Output } from './output.ts';
import { KINDS, withStores, type Kind } from './tool-stores.ts';

export interface MigrateStoreOptions {
  data?: string;
  json?: boolean;
  from?: string;
  to?: string;
  replace?: boolean;
  reopen?: string;
  env?: Readonly<Record<string, string | undefined>>;
  /** Progress for people; by default standard error. */
  progress?: (line: string) => void;
}

/** `parley migrate-store`: moves the whole server between its data directory and MongoDB. @returns whether all went well */
export async function migrateStore(out: Output, options: MigrateStoreOptions): Promise<boolean> {
  const settings = loadConfig(options.env ?? process.env, { data: options.data });
  if (options.reopen !== undefined) return reopen(out, settings, kindOf('--reopen', options.reopen));
  const from = kindOf('--from', options.from);
  const to = kindOf('--to', options.to);
  if (from === to) throw new UsageError('--from and --to name the same store');
  const stopping = new AbortController();
  const stop = () => stopping.abort(new UsageError('Interrupted. Run it again, and it goes on from there.'));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    const began = Date.now();
    const moved = await withStores(settings, [from, to], async ([source, target]) => {
      const line = progressLines(options.progress ?? ((text) => void (options.json || process.stderr.write(`${text}\n`))));
      return moveStore({ source: { name: from, store: source! }, target: { name: to, store: target! }, replace: options.replace === true, onProgress: line, signal: stopping.signal });
    });
    report(out, moved, to, (Date.now() - began) / 1_000);
    return true;
  } catch (error) {
    if (!(error instanceof MoveMismatch)) throw error;
    out.say(`Not moved. ${error.message}`);
    out.result({ ok: false, error: error.message, table: error.table, wanted: error.wanted, found: error.found });
    return false;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

async function reopen(out: Output, settings: Settings, kind: Kind): Promise<boolean> {
  const { was } = await withStores(settings, [kind], async ([store]) => store!.run('move.reopen', {}));
  const said = { open: 'It was not closed by a move.', moving: 'The move is given up; nothing was lost. Empty the other store before you move again.', moved: 'It is open again as it was when it was moved, under a new incarnation: clients fetch everything anew.' }[was];
  out.say(said);
  out.result({ ok: true, was });
  return true;
}

function report(out: Output, moved: Moved, to: Kind, seconds: number): void {
  const next = to === 'mongodb' ? 'Start the server with PARLEY_MONGODB_URL set.' : 'Start the server without PARLEY_MONGODB_URL.';
  out.say(
    moved.already ? 'An earlier run had moved everything; it is marked as moved now.' : `Moved ${moved.rows.toLocaleString('en')} rows of ${moved.tables.length} tables in ${seconds.toFixed(1)} s; counts and checksums of every table agree.`,
    'Uploaded files and the secret stay in the data directory (or where PARLEY_FILES says); the search index is made anew by itself.',
    next,
  );
  out.result({ ok: true, ...moved, seconds });
}

function kindOf(option: string, value: string | undefined): Kind {
  const kind = KINDS.find((k) => k === value);
  if (!kind) throw new UsageError(`${option} must be one of ${KINDS.join(', ')}`);
  return kind;
}

const EVERY_MS = 2_000;

/** A line for each table that has rows, and every two seconds within a long one. */
function progressLines(write: (line: string) => void): (progress: MoveProgress) => void {
  let at = 0;
  let place = '';
  return ({ phase, table, rows, tables, of }) => {
    const here = `${phase} ${table}`;
    if (here === place && Date.now() - at < EVERY_MS) return;
    if (rows === 0) return;
    place = here;
    at = Date.now();
    write(`${phase} ${table} (${tables + 1} of ${of}): ${rows.toLocaleString('en')} rows`);
  };
}
