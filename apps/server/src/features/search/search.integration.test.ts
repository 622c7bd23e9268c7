import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openServices, startApplication, type Application } from '../../compose.ts';
import { loadConfig } from '../../config/load-config.ts';
import { callServer } from '../../testing/server-process.ts';
import { runImport } from '../imports/imports.service.ts';

interface Session { token: string; user: { id: string }; workspace: { id: string } }
interface Found { items: { message: { content: string; imported: boolean } }[] }

const SAMPLE = fileURLToPath(new URL('../../../../../samples/irc-small-slack-export.zip', import.meta.url));
let data: string;
let app: Application;
let owner: Session;

const open = async () => openServices({ ...loadConfig({ PARLEY_PORT: '0', PARLEY_RATE_LIMITS: 'off' }, { data }), logLevel: 'silent' });
const found = async (q: string): Promise<Found['items']> => (await callServer<Found>(app.url, 'GET', `search?workspace_id=${owner.workspace.id}&q=${encodeURIComponent(q)}`, { token: owner.token })).body.items;
/** Asks until something is found. @returns how long that took */
async function until(q: string): Promise<number> {
  const began = Date.now();
  while ((await found(q)).length === 0) if (Date.now() - began > 30_000) throw new Error(`${q} was not found`);
  return Date.now() - began;
}

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'parley-search-'));
  app = await startApplication(await open());
  owner = (await callServer<Session>(app.url, 'POST', 'set_up', { body: { workspace_name: 'Acme', username: 'olivia', display_name: 'Olivia', email: 'olivia@example.org', password: 'long enough' } })).body;
}, 60_000);
afterAll(async () => {
  await app.stop();
  await rm(data, { recursive: true });
});

it('what was sent is found within two seconds, and after a restart, and after the index was lost', async () => {
  const { items } = (await callServer<{ items: { id: string }[] }>(app.url, 'GET', `channels?workspace_id=${owner.workspace.id}`, { token: owner.token })).body;
  await callServer(app.url, 'POST', 'send_message', { token: owner.token, body: { channel_id: items[0]?.id, content: 'a needle in FTS5', client_msg_id: 'one' } });
  expect(await until('needle')).toBeLessThan(2_000);
  await app.stop();
  app = await startApplication(await open());
  expect(await found('needle')).toHaveLength(1);
  await app.stop();
  for (const end of ['', '-wal', '-shm']) await rm(join(data, `search.db${end}`), { force: true });
  app = await startApplication(await open());
  await until('needle');
}, 60_000);

it.skipIf(!existsSync(SAMPLE))('an import made with the server stopped is found after the start', async () => {
  await app.stop();
  const services = await open();
  const id = '0190a000-0000-7000-8000-00000000aaaa';
  await services.deps.store.run('imports.create', { id, workspace_id: owner.workspace.id, user_id: owner.user.id, kind: 'slack', path: SAMPLE, fingerprint: 'x', job: false });
  await runImport(services.deps, id);
  await services.close();
  app = await startApplication(await open());
  await until('ubuntu');
  expect((await found('ubuntu'))[0]?.message.imported).toBe(true);
}, 60_000);
