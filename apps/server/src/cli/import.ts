import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { uuidv7 } from '@parley/shared/domain/ids';
import { openServices, type Services } from '../compose.ts';
import { loadConfig } from '../config/load-config.ts';
import { ArchiveError } from '../features/imports/archive/archive-error.ts';
import { KEPT_SKIPS, progressOf, type Counts, type Skip } from '../features/imports/import-progress.ts';
import { Interrupted } from '../features/imports/import-run.ts';
import { fingerprintOf, presentImport, runImport, unfinishedImports } from '../features/imports/imports.service.ts';
import { SlackArchive } from '../features/imports/slack/slack-archive.ts';
import { survey, type SurveyOptions } from '../features/imports/survey.ts';
import { DataInUse } from '../platform/data-lock.ts';
import type { ReadTx } from '../storage/port.ts';
import { importSkips, workspaceMembers, type ImportRow } from '../storage/tables.ts';
import { progressLine } from './import-progress-line.ts';
import { UsageError, type Output } from './output.ts';
import { allWorkspaces } from './user-create.ts';

export interface ImportOptions {
  data?: string;
  json?: boolean;
  workspace?: string;
  dryRun?: boolean;
}

/** `parley import slack FILE`. */
export async function importSlack(out: Output, file: string, options: ImportOptions): Promise<void> {
  const path = resolve(file);
  const about = await stat(path).catch(() => undefined);
  if (!about?.isFile()) throw new UsageError(`${file}: there is no such file`);
  let services: Services;
  try {
    services = await openServices({ ...loadConfig(process.env, { data: options.data }), logLevel: 'warn' });
  } catch (error) {
    if (!(error instanceof DataInUse)) throw error;
    if (!options.dryRun) throw new UsageError('Parley is running on this data directory. Import in the client ("Choose a Slack export") or with POST /api/v1/imports, or stop it and run this again.');
    return dryRun(out, path, undefined);
  }
  try {
    await (options.dryRun ? dryRunInto(out, path, services, options) : importInto(out, path, services, options));
  } finally {
    await services.close();
  }
}

async function importInto(out: Output, path: string, services: Services, options: ImportOptions): Promise<void> {
  const { store, random, clock } = services.deps;
  const workspaceId = await chooseWorkspace(services, options);
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const line = progressLine(options.json === true);
  const run = (id: string, at?: string) => runImport({ store, random, clock }, id, { signal: stopping.signal, onProgress: (progress, stage) => line.show(progress, stage), ...(at === undefined ? {} : { path: at }) });
  try {
    const fingerprint = await fingerprintOf(path);
    const unfinished = await unfinishedImports(store);
    const same = unfinished.find((row) => row.workspace_id === workspaceId && progressOf(row).fingerprint === fingerprint);
    for (const row of unfinished.filter((r) => r !== same && r.state === 'running')) {
      out.say(`Finishing the interrupted import of ${row.path} first.`);
      await run(row.id);
    }
    const id = same?.id ?? uuidv7(clock, random);
    if (same) out.say('Going on with the interrupted import of this archive.');
    else await store.run('imports.create', { id, workspace_id: workspaceId, user_id: await importer(services, workspaceId), kind: 'slack', path, fingerprint, job: false });
    const row = await run(id, path);
    line.clear();
    await report(out, row, services);
  } catch (error) {
    line.clear();
    if (error instanceof Interrupted) throw new UsageError('Interrupted. Run it again, or start the server, and it goes on from there.');
    throw error;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

async function report(out: Output, row: ImportRow, services: Services): Promise<void> {
  const skips = await services.deps.store.read((tx) => tx.find(importSkips, { prefix: [row.id], limit: KEPT_SKIPS }));
  const skipped = skips.map(({ where, reason }) => ({ where, reason }));
  const status = progressOf(row);
  if (row.state === 'failed') throw new UsageError(status.error ?? 'the import failed');
  out.say(`Imported ${told(status.counts)}.`, ...(status.counts.known > 0 ? [`${status.counts.known} messages were here already.`] : []), ...notes(skipped, status.skipped_total));
  out.result(presentImport(row, skipped));
}

async function dryRunInto(out: Output, path: string, services: Services, options: ImportOptions): Promise<void> {
  const workspaces = await services.deps.store.read(allWorkspaces);
  const workspace_id = workspaces.length === 0 ? undefined : await chooseWorkspace(services, options);
  return dryRun(out, path, workspace_id === undefined ? undefined : { store: services.deps.store, workspace_id, kind: 'slack' }, options.json);
}

async function dryRun(out: Output, path: string, into: SurveyOptions['into'], json = false): Promise<void> {
  const line = progressLine(json);
  let archive: SlackArchive | undefined;
  try {
    archive = await SlackArchive.open(path);
    const found = await survey(archive, { ...(into ? { into } : {}), onProgress: (progress, stage) => line.show(progress, stage) });
    line.clear();
    out.say(`Would import ${told(found.counts)}.`, ...(found.counts.known > 0 ? [`${found.counts.known} messages are here already.`] : []), ...notes(found.skipped, found.skipped_total), 'Nothing was changed.');
    out.result({ dry_run: true, ...found });
  } catch (error) {
    line.clear();
    throw error instanceof ArchiveError ? new UsageError(error.message) : error;
  } finally {
    archive?.close();
  }
}

async function chooseWorkspace(services: Services, options: ImportOptions): Promise<string> {
  const workspaces = await services.deps.store.read(allWorkspaces);
  if (workspaces.length === 0) throw new UsageError('there is no workspace yet: start Parley with `npm start`, open it to set it up, stop it, and run this again');
  const matching = options.workspace === undefined ? workspaces : workspaces.filter((w) => w.id === options.workspace || w.name === options.workspace);
  if (matching.length !== 1) throw new UsageError(`choose a workspace with --workspace: ${workspaces.map((w) => `${w.name} (${w.id})`).join(', ')}`);
  return matching[0]!.id;
}

/** Whoever reads the data directory acts for the workspace's owner, who then is in the public channels. */
async function importer(services: Services, workspaceId: string): Promise<string> {
  const owners = await services.deps.store.read(async (tx: ReadTx) => [
    ...(await tx.find(workspaceMembers, { index: 'by_role', prefix: [workspaceId, 'owner'], limit: 100 })), ...(await tx.find(workspaceMembers, { index: 'by_role', prefix: [workspaceId, 'admin'], limit: 100 })),
  ]);
  const owner = owners.find((row) => !row.deactivated);
  if (!owner) throw new UsageError('the workspace has no owner or administrator');
  return owner.user_id;
}

function told(counts: Counts): string {
  const n = (value: number) => value.toLocaleString('en');
  const more = [counts.reactions > 0 ? `${n(counts.reactions)} reactions` : '', counts.files > 0 ? `${n(counts.files)} file names` : '', counts.notices > 0 ? `${n(counts.notices)} notices` : ''].filter(Boolean);
  return [`${n(counts.messages)} messages (${n(counts.replies)} of them replies)`, `${n(counts.users)} people`, `${n(counts.channels)} new channels`, ...more].join(', ');
}

const SHOWN = 20;

function notes(skipped: readonly Skip[], total: number): string[] {
  if (total === 0) return [];
  return [`${total.toLocaleString('en')} things to know:`, ...skipped.slice(0, SHOWN).map(({ where, reason }) => `  ${where}: ${reason}`), ...(total > SHOWN ? [`  … and ${(total - SHOWN).toLocaleString('en')} more (--json lists the first ${KEPT_SKIPS.toLocaleString('en')})`] : [])];
}
