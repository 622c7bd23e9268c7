import { ParleyError } from '@parley/shared/protocol/errors';
import { defineCommand } from '../../storage/command.ts';
import { imports, importSkips, type ImportRow } from '../../storage/tables.ts';
import { enqueueJob } from '../../jobs/jobs.commands.ts';
import { importChannelCommands, releaseChannels } from './import-channels.commands.ts';
import { importMessageCommands } from './import-messages.commands.ts';
import { importUserCommands } from './import-users.commands.ts';
import { freshProgress, KEPT_SKIPS, progressOf, RunningImport, type Step } from './import-progress.ts';

export const IMPORT_JOB = 'import';

export const importsCommands = {
  ...importUserCommands,
  ...importChannelCommands,
  ...importMessageCommands,

  /** An import that waits; with `job`, a worker takes it up. */
  'imports.create': defineCommand(async (tx, args: { id: string; workspace_id: string; user_id: string; kind: string; path: string; fingerprint: string; job: boolean }) => {
    if (await tx.get(imports, [args.id])) return {};
    const row: ImportRow = { id: args.id, workspace_id: args.workspace_id, user_id: args.user_id, kind: args.kind, state: 'queued', path: args.path, status: freshProgress(args.fingerprint), at: tx.now() };
    await tx.insert(imports, row);
    if (args.job) await enqueueJob(tx, { kind: IMPORT_JOB, payload: { import_id: args.id }, dedupe: `${IMPORT_JOB}:${args.id}` });
    return {};
  }),

  /** From now on the import's commands are taken. One that was interrupted goes on; false for one that ended. */
  'imports.start': defineCommand(async (tx, args: { import_id: string; runner: string; path?: string }): Promise<{ row: ImportRow; runs: boolean }> => {
    const row = await tx.get(imports, [args.import_id]);
    if (!row) throw new ParleyError('not_found', 'no such import');
    if (row.state === 'done' || row.state === 'failed') return { row, runs: false };
    const running: ImportRow = { ...row, state: 'running', path: args.path ?? row.path, status: { ...progressOf(row), runner: args.runner } };
    await tx.put(imports, running);
    return { row: running, runs: true };
  }),

  /** Progress alone, and what was left out meanwhile. */
  'imports.note': defineCommand(async (tx, args: Step & { known?: number }) => {
    const running = await RunningImport.begin(tx, args);
    running.count('known', args.known ?? 0);
    await running.end();
    return {};
  }),

  'imports.finish': defineCommand(async (tx, args: { import_id: string }) => {
    const row = await tx.get(imports, [args.import_id]);
    if (!row || row.state !== 'running') return {};
    const status = progressOf(row);
    if (status.counts.files > 0) {
      if (status.skipped_total < KEPT_SKIPS) await tx.put(importSkips, { import_id: row.id, n: status.skipped_total, where: 'files', reason: `${status.counts.files} files are listed by name and size; an export does not hold their contents` });
      status.skipped_total++;
    }
    await tx.put(imports, { ...row, state: 'done', status: { ...status, progress: 1, stage: '' } });
    return {};
  }),

  /** Ends an import that cannot go on. What it has written stays, and people may post there again. */
  'imports.fail': defineCommand(async (tx, args: { import_id: string; error: string }) => {
    const row = await tx.get(imports, [args.import_id]);
    if (!row || row.state === 'done' || row.state === 'failed') return {};
    await releaseChannels(tx, row.id);
    await tx.put(imports, { ...row, state: 'failed', status: { ...progressOf(row), error: args.error.slice(0, 2_000) } });
    return {};
  }),
};

