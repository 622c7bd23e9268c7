import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { uuidv7 } from '@parley/shared/domain/ids';
import type { Application } from '../compose.ts';
import { progressOf } from '../features/imports/import-progress.ts';
import { fingerprintOf, unfinishedImports } from '../features/imports/imports.service.ts';
import { claims, imports } from '../storage/tables.ts';
import { progressLine } from './import-progress-line.ts';
import { UsageError, type Output } from './output.ts';
import { serve } from './serve.ts';

/** Known to everybody, so the demonstration listens on the loopback address only. */
const PASSWORD = 'parley-demo';
const PEOPLE = [{ username: 'demo', display_name: 'Demo Owner' }, { username: 'robin', display_name: 'Robin Example' }] as const;
const ARCHIVE = 'samples/irc-small-slack-export.zip';

/** `parley serve --demo`: a server of its own with the sample archive in it. */
export async function serveDemo(out: Output, options: { data?: string; json?: boolean }): Promise<void> {
  const { PARLEY_PORT, PARLEY_DEMO_ARCHIVE, ...rest } = process.env;
  const kept = Object.fromEntries(Object.entries(rest).filter(([name]) => !name.startsWith('PARLEY_')));
  await serve(out, {
    data: options.data ?? './demo-data',
    env: { ...kept, ...(PARLEY_PORT === undefined ? {} : { PARLEY_PORT }), PARLEY_HOST: '127.0.0.1' },
    prepare: (app) => prepareDemo(app, PARLEY_DEMO_ARCHIVE ?? sampleArchive(), options.json === true),
  });
}

/** Sets up what is not there yet. Answers what to tell. */
export async function prepareDemo(app: Application, archive: string, quiet: boolean): Promise<string[]> {
  const { deps } = app.core;
  const there = await deps.store.read((tx) => tx.get(claims, ['set_up']));
  if (!there) {
    const call = caller(app);
    const owner = await call(null, 'set_up', { workspace_name: 'Demo', ...PEOPLE[0], email: `${PEOPLE[0].username}@example.org`, password: PASSWORD }) as { token: string; user: { id: string }; workspace: { id: string } };
    const id = uuidv7(deps.clock, deps.random);
    await deps.store.run('imports.create', { id, workspace_id: owner.workspace.id, user_id: owner.user.id, kind: 'slack', path: archive, fingerprint: await fingerprintOf(archive), job: true });
    await loaded(app, id, quiet);
    await call(owner.token, 'create_user', { workspace_id: owner.workspace.id, ...PEOPLE[1], email: `${PEOPLE[1].username}@example.org`, password: PASSWORD });
  }
  // A start that was interrupted while it loaded goes on.
  for (const row of await unfinishedImports(deps.store)) await loaded(app, row.id, quiet);
  return ['', 'This is a demonstration over real history; it listens on this machine only.', ...PEOPLE.map((p) => `Sign in as ${p.username}, password ${PASSWORD}`)];
}

const LOOK_MS = 200;

/** Waits for the worker to have brought the archive in. */
async function loaded(app: Application, importId: string, quiet: boolean): Promise<void> {
  const { store, clock } = app.core.deps;
  const line = progressLine(quiet);
  for (;;) {
    const row = await store.read((tx) => tx.get(imports, [importId]));
    const status = row && progressOf(row);
    if (row?.state === 'failed') throw new UsageError(`the sample archive could not be loaded: ${status?.error ?? ''}`);
    if (!row || row.state === 'done') return line.clear();
    line.show(status?.progress ?? 0, status?.stage ?? '');
    await new Promise<void>((resolve) => void clock.setTimer(LOOK_MS, resolve));
  }
}

function caller(app: Application): (token: string | null, path: string, body: unknown) => Promise<unknown> {
  return async (token, path, body) => {
    const answer = await app.core.handle({ method: 'POST', path, body, address: '127.0.0.1', headers: token === null ? {} : { authorization: `Bearer ${token}` } });
    if (answer.status >= 400) throw new UsageError(`${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
}

/** It lies in the repository, wherever this runs from: the sources or the bundle. */
function sampleArchive(): string {
  const found = ['../../../', '../../../../'].map((up) => fileURLToPath(new URL(up + ARCHIVE, import.meta.url))).find((path) => existsSync(path));
  if (found === undefined) throw new UsageError(`${ARCHIVE} is missing`);
  return found;
}
