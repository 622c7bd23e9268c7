import { openAsBlob } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Cluster } from '../../apps/server/src/testing/cluster/cluster.ts';
import { until } from '../../apps/server/src/testing/cluster/until.ts';

/** Known to everybody: the cluster listens on the loopback address only. */
const PASSWORD = 'parley-demo';
const PEOPLE = [{ username: 'demo', display_name: 'Demo Owner' }, { username: 'robin', display_name: 'Robin Example' }] as const;
const ARCHIVE = fileURLToPath(new URL('../../samples/irc-small-slack-export.zip', import.meta.url));
const LOAD_MS = 300_000;

/** What `npm start -- --demo` has, brought in over the API. Does nothing on data that were set up before. Answers what to tell. */
export async function seedDemo(cluster: Cluster): Promise<string[]> {
  // Straight to a process: nobody needs the set-up code on this machine.
  const { url } = cluster.withRole('api')[0]!;
  const server = await call<{ set_up: boolean }>(url, 'GET', 'server');
  if (!server.set_up) {
    const owner = await call<{ token: string; workspace: { id: string } }>(url, 'POST', 'set_up', null, { workspace_name: 'Demo', ...PEOPLE[0], email: `${PEOPLE[0].username}@example.org`, password: PASSWORD });
    const archive = await openAsBlob(ARCHIVE);
    const { import_id } = await call<{ import_id: string }>(url, 'POST', `imports?kind=slack&workspace_id=${owner.workspace.id}`, owner.token, archive);
    await until(async () => {
      const { state } = await call<{ state: string }>(url, 'GET', `imports/${import_id}`, owner.token);
      if (state === 'failed') throw new Error('the sample archive could not be loaded');
      return state === 'done';
    }, { ms: LOAD_MS, what: () => 'the sample archive is loaded', everyMs: 200 });
    await call(url, 'POST', 'create_user', owner.token, { workspace_id: owner.workspace.id, ...PEOPLE[1], email: `${PEOPLE[1].username}@example.org`, password: PASSWORD });
  }
  return PEOPLE.map((p) => `Sign in as ${p.username}, password ${PASSWORD}`);
}

async function call<T>(url: string, method: 'GET' | 'POST', path: string, token: string | null = null, body?: object): Promise<T> {
  const blob = body instanceof Blob;
  const response = await fetch(`${url}/api/v1/${path}`, {
    method, ...(body === undefined ? {} : { body: blob ? body : JSON.stringify(body) }),
    headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...(body === undefined ? {} : { 'content-type': blob ? 'application/zip' : 'application/json' }) },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
  return JSON.parse(text) as T;
}
