import { loadConfig } from '../../apps/server/src/config/load-config.ts';
import { openServices } from '../../apps/server/src/compose.ts';
import { createCore } from '../../apps/server/src/core.ts';
import { fingerprintOf, runImport } from '../../apps/server/src/features/imports/imports.service.ts';
import { progressOf } from '../../apps/server/src/features/imports/import-progress.ts';
import { allWorkspaces } from '../../apps/server/src/cli/user-create.ts';
import { workspaceMembers } from '../../apps/server/src/storage/tables.ts';

/** Imports the archive `argv[3]` into the data directory `argv[2]` and prints what it took. */
const [, , data, file] = process.argv;
const services = await openServices({ ...loadConfig({ PARLEY_RATE_LIMITS: 'off' }, { data: data! }), logLevel: 'silent' });
const { deps } = services;
if ((await deps.store.read(allWorkspaces)).length === 0) {
  const answer = await createCore(deps).handle({
    method: 'POST', path: 'set_up', headers: {}, address: '127.0.0.1',
    body: { workspace_name: 'Bench', username: 'owner', display_name: 'Owner', email: 'owner@example.org', password: 'correct horse' },
  });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
}
const [workspace] = await deps.store.read(allWorkspaces);
const [owner] = await deps.store.read((tx) => tx.find(workspaceMembers, { index: 'by_role', prefix: [workspace!.id, 'owner'], limit: 1 }));
const id = crypto.randomUUID();
const started = performance.now();
await deps.store.run('imports.create', { id, workspace_id: workspace!.id, user_id: owner!.user_id, kind: 'slack', path: file!, fingerprint: await fingerprintOf(file!), job: false });
const row = await runImport(deps, id);
const seconds = (performance.now() - started) / 1000;
if (row.state !== 'done') throw new Error(progressOf(row).error ?? row.state);
console.log(JSON.stringify({ seconds, max_rss_mb: process.resourceUsage().maxRSS / 1024, counts: progressOf(row).counts }));
await services.close();
