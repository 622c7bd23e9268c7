import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import type { CoreResponse } from '../../core.ts';
import { openServices, startApplication } from '../../compose.ts';
import { loadConfig } from '../../config/load-config.ts';
import { collectFiles } from '../../features/files/collect.service.ts';
import { expireDevices } from '../../features/devices/expire.service.ts';
import { smallExport, zipOf } from '../../features/imports/testing.ts';
import { STORES } from '../../testing/conversation-world.ts';
import { openPermissionScene, PLACES, ROLES } from '../../testing/permission-scene.ts';
import { ask, NOT_OF_THE_TABLE, verdictOf, WALKS } from '../../testing/permission-walks.ts';
import { callServer } from '../../testing/server-process.ts';
import { moveStore } from '../move/move-store.ts';
import type { Store } from '../port.ts';
import { messages, TABLES } from '../tables.ts';
import { asTool } from './in-use.ts';
import { openMongoStore } from './mongodb-store.ts';
import { prepareSchema } from './schema.ts';
import { hasMongod, startMongod, type Mongod } from './testing.mongod.ts';
import { Profile, startProfile, type ProfiledShape } from './testing.profile.ts';

/**
 * Every suite of a feature runs once more on MongoDB while the server writes down each operation. Behind a router an
 * operation without its shard key goes to all shards; only the named ones may.
 */
const SUITES: Record<string, () => Promise<unknown>> = {
  'cards/cards.contract': () => import('../../features/cards/cards.contract.test.ts'),
  'channels/channels.contract': () => import('../../features/channels/channels.contract.test.ts'),
  'devices/devices.contract': () => import('../../features/devices/devices.contract.test.ts'),
  'drafts/drafts.contract': () => import('../../features/drafts/drafts.contract.test.ts'),
  'files/collect.contract': () => import('../../features/files/collect.contract.test.ts'),
  'files/messages.contract': () => import('../../features/files/messages.contract.test.ts'),
  'groups/groups.contract': () => import('../../features/groups/groups.contract.test.ts'),
  'inbox/inbox.contract': () => import('../../features/inbox/inbox.contract.test.ts'),
  'mail/mail.contract': () => import('../../features/mail/mail.contract.test.ts'),
  'messages/history.contract': () => import('../../features/messages/history.contract.test.ts'),
  'messages/page-cache.contract': () => import('../../features/messages/page-cache.contract.test.ts'),
  'pointers/pointers.contract': () => import('../../features/pointers/pointers.contract.test.ts'),
  'messages/messages.contract': () => import('../../features/messages/messages.contract.test.ts'),
  'pins/pins.contract': () => import('../../features/pins/pins.contract.test.ts'),
  'push/push.contract': () => import('../../features/push/push.contract.test.ts'),
  'reading/reading.contract': () => import('../../features/reading/reading.contract.test.ts'),
  'saved/saved.contract': () => import('../../features/saved/saved.contract.test.ts'),
  'scheduled/scheduled.contract': () => import('../../features/scheduled/scheduled.contract.test.ts'),
  'sections/sections.contract': () => import('../../features/sections/sections.contract.test.ts'),
  'sync/events-equal-fetch': () => import('../../features/sync/events-equal-fetch.test.ts'),
  'sync/sync.contract': () => import('../../features/sync/sync.contract.test.ts'),
};
/** Why a suite is left out. */
const NOT_HERE: Record<string, string> = {
  'reading/counts.property': 'hundreds of runs from seeds; what it asks is what reading.contract asks',
  'imports/imports': 'brings its own stores; an archive is imported below',
};

/** Operations that name no shard, by the fields that they name instead. Behind a router each asks every shard. */
const SCATTERED: readonly { collection: string; fields: readonly string[]; why: string }[] = [
  { collection: 'messages', fields: ['id'], why: 'a message by its id alone, as the API lets callers name it; one key of an index per shard' },
  { collection: 'workspace_members', fields: ['user_id'], why: 'the workspaces of a person; a few keys per shard' },
  { collection: 'channels', fields: ['browse_name', 'workspace_id'], why: 'the channels of a workspace by name, in pages' },
  { collection: 'channels', fields: [], why: 'all channels, when the search index looks for what it missed' },
  { collection: 'groups', fields: ['handle', 'workspace_id'], why: 'the groups of a workspace' },
  { collection: 'group_members', fields: ['user_id', 'workspace_id'], why: 'the groups of a person, when they leave or are named' },
  { collection: 'emoji', fields: ['name', 'workspace_id'], why: 'the custom emoji of a workspace' },
  { collection: 'file_uses', fields: ['file_id'], why: 'the messages that carry a file, for who may see it' },
  { collection: 'push_subscriptions', fields: ['address'], why: 'one browser is told for one session only' },
  { collection: 'link_cards', fields: ['expires_at'], why: 'swept now and then' },
  { collection: 'files', fields: ['expires_at'], why: 'swept once an hour' },
  { collection: 'blobs', fields: ['unused_at'], why: 'swept once an hour' },
  { collection: 'file_holds', fields: ['until'], why: 'swept once an hour' },
  { collection: 'sessions', fields: ['expires_at'], why: 'swept once a day' },
];

const FEATURES = fileURLToPath(new URL('../../features', import.meta.url));
const DATABASE = 'routing';

let mongod: Mongod;
let profile: Profile;
/** For what tests look up themselves. */
let lookup: Store;

async function emptied(): Promise<string> {
  const db = mongod.admin.db(DATABASE);
  await Promise.all(TABLES.map(({ name }) => db.collection(name).deleteMany({})));
  return mongod.url(DATABASE);
}

/** What a test itself looks up is asked by a client that the profile passes over. */
function apart(product: Store, tests: Store): Store {
  const read: Store['read'] = (work) => (/\.test\.ts|\/testing\//.test(new Error().stack!.split('\n')[2] ?? '') ? tests.read(work) : product.read(work));
  return { recall: product.recall.bind(product), run: product.run.bind(product), onCommitted: product.onCommitted.bind(product), incarnation: product.incarnation.bind(product), health: product.health.bind(product), close: product.close.bind(product), read } as Store;
}

STORES.length = 0;
STORES.push({
  adapter: 'mongodb',
  open: async (clock) => {
    const url = await emptied();
    const product = await openMongoStore({ url, now: () => clock.now() });
    return { store: apart(product, lookup), dispose: () => product.close() };
  },
});

describe.skipIf(!hasMongod())('what the store asks behind a router', async () => {
  beforeAll(async () => {
    mongod = await startMongod();
    const db = mongod.admin.db(DATABASE);
    await prepareSchema(db, TABLES);
    await startProfile(mongod.admin, DATABASE);
    profile = new Profile(db, TABLES);
    lookup = await openMongoStore({ url: asTool(mongod.url(DATABASE)) });
  });
  afterEach(async () => profile.read());
  afterAll(async () => {
    await lookup?.close();
    await mongod?.stop();
  });

  for (const load of Object.values(SUITES)) await load();

  it('all suites of features run here', () => {
    const files = (readdirSync(FEATURES, { recursive: true }) as string[]).filter((name) => name.endsWith('.test.ts') && /\(STORES\)/.test(readFileSync(`${FEATURES}/${name}`, 'utf8')));
    expect(files.map((name) => name.replace('.test.ts', '')).filter((name) => !(name in SUITES) && !(name in NOT_HERE))).toEqual([]);
  });

  it('every route is walked, and does its work', async () => {
    const scene = await openPermissionScene();
    const url = await emptied();
    const target = await openMongoStore({ url: asTool(url) });
    await moveStore({ source: { name: 'memory', store: (await scene.trial()).store }, target: { name: 'mongodb', store: target } });
    await target.close();
    const first = await scene.trial();
    const store = await openMongoStore({ url, now: () => first.clock.now() });
    const world = await scene.trial(store);
    const idle: string[] = [];
    for (const walk of WALKS) {
      const trials = PLACES.flatMap((name) => ROLES.map((role) => ({ scene, role, place: scene.places[name] }))).filter((trial) => walk.verdict(trial) === 'allowed');
      let done = false;
      // What an earlier walk took away from one, another still has.
      for (const trial of trials) {
        const response = await ask(world, walk, walk.input(trial), scene.people[trial.role].token);
        if (response.status === 401) continue;
        done = response.status < 300 || (walk.read !== undefined && response.status < 500 && walk.read(response, trial) === 'allowed') || (response.status < 500 && walk.read === undefined && verdictOr(response) === 'allowed');
        if (done) break;
      }
      // What nobody may do to another's is done to one's own by the suites above.
      if (!done && trials.length > 0) idle.push(walk.as === undefined ? walk.path : `${walk.path}, ${walk.as}`);
    }
    expect(idle).toEqual([]);
    expect(world.failures).toEqual([]);
    const walked = new Set([...WALKS.map((w) => w.path), ...NOT_OF_THE_TABLE]);
    expect(world.core.routes.map((r) => r.call.path).filter((path) => !walked.has(path))).toEqual([]);
    await store.close();
    scene.dispose();
  });

  it('a server with people, sockets, an import and its sweeps', async () => {
    await emptied();
    const data = mkdtempSync(`${tmpdir()}/parley-routing-`);
    const app = await startApplication(await openServices({ ...loadConfig({ PARLEY_PORT: '0', PARLEY_RATE_LIMITS: 'off', PARLEY_MONGODB_URL: mongod.url(DATABASE) }, { data }), logLevel: 'silent' }));
    try {
      const person = { username: 'olivia', display_name: 'Olivia', email: 'olivia@example.org', password: 'long enough' };
      const { token, workspace } = (await callServer<{ token: string; workspace: { id: string } }>(app.url, 'POST', 'set_up', { body: { workspace_name: 'Acme', ...person } })).body;
      const ask = async <T>(method: 'GET' | 'POST', path: string, input: object = {}): Promise<T> => (await callServer<T>(app.url, method, path, { token, ...(method === 'GET' ? { query: input as Record<string, string> } : { body: input }) })).body;
      const [general] = (await ask<{ items: { id: string }[] }>('GET', 'channels', { workspace_id: workspace.id })).items;
      const socket = new WebSocket(`${app.url.replace('http', 'ws')}/api/v1/connect`);
      const frames: { type: string; stream?: string; rev?: number }[] = [];
      socket.on('message', (text) => void frames.push(JSON.parse(String(text)) as (typeof frames)[number]));
      await new Promise((resolve) => socket.once('open', resolve));
      socket.send(JSON.stringify({ type: 'hello', token, cursors: {}, looking_at: [general!.id] }));
      await until(() => frames.some(({ type }) => type === 'heads'));
      await ask('POST', 'send_message', { channel_id: general!.id, content: 'hello', client_msg_id: 'c1' });
      const live = () => frames.find(({ type, stream }) => type === 'live' && stream === `channel:${general!.id}`);
      await until(() => live() !== undefined);
      socket.send(JSON.stringify({ type: 'ack', cursors: { [live()!.stream!]: live()!.rev } }));
      socket.send(JSON.stringify({ type: 'look', channel_ids: [] }));
      socket.close();
      const archive = await fetch(`${app.url}/api/v1/imports?kind=slack&workspace_id=${workspace.id}`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/zip' }, body: new Uint8Array(zipOf(smallExport())) });
      const { import_id } = (await archive.json()) as { import_id: string };
      await until(async () => (await ask<{ state: string }>('GET', `imports/${import_id}`)).state === 'done');
      await until(async () => (await ask<{ items: unknown[] }>('GET', 'search', { workspace_id: workspace.id, q: 'hello' })).items.length > 0);
      await callServer(app.url, 'GET', 'server');
      await callServer(app.url, 'POST', 'sign_in', { body: { login: 'olivia', password: person.password } });
      await collectFiles(app.core.deps);
      await expireDevices(app.core.deps);
    } finally {
      await app.stop();
      rmSync(data, { recursive: true, force: true });
    }
  });

  it('a page deep in a long channel is entered where it begins', async () => {
    const url = await emptied();
    const rows = Array.from({ length: 4_000 }, (_, i) => ({ channel_id: 'long', seq: i + 1, rev: i + 1, id: `m${i}`, author_id: 'a', client_msg_id: `c${i}`, created_us: i, _rest: '{}' }));
    await mongod.admin.db(DATABASE).collection('messages').insertMany(rows);
    const store = await openMongoStore({ url });
    for (const range of [{ prefix: ['long'] }, { index: 'by_time', prefix: ['long'] }]) {
      const [row] = await store.read((tx) => tx.find(messages, { prefix: ['long'], gt: 3_500, limit: 1 }));
      const page = await store.read((tx) => tx.find(messages, { ...range, after: row!, limit: 50 }));
      expect(page.map(({ seq }) => seq)).toEqual(Array.from({ length: 50 }, (_, i) => 3_502 + i));
    }
    await store.close();
    for (const shape of profile.shapes.values()) expect(shape.keys, `${shape.collection} ${shape.filter} ${shape.plan}`).toBeLessThan(1_000);
  });

  it('names its shard in all but the named operations, and finds by an index what it wants and nothing else', async () => {
    await profile.read();
    const all = [...profile.shapes.values()];
    const named = (shape: ProfiledShape) => SCATTERED.find(({ collection, fields }) => collection === shape.collection && fields.join() === shape.fields.join());
    const told = (shape: ProfiledShape) => `${shape.collection} ${shape.op} ${shape.filter} by ${shape.plan}: ${shape.example}`;
    expect(all.length).toBeGreaterThan(100);
    expect.soft(all.filter((shape) => !shape.routed && !named(shape)).map(told)).toEqual([]);
    expect.soft(SCATTERED.filter((entry) => !all.some((shape) => named(shape) === entry)).map(({ collection, fields }) => `${collection} ${fields.join()}: no longer asked`)).toEqual([]);
    expect.soft(all.filter(({ plan }) => !/^(IXSCAN|COUNT_SCAN|IDHACK|EOF|CLUSTERED_IXSCAN)/.test(plan)).map(told)).toEqual([]);
    expect.soft(all.filter(({ wasted }) => wasted > 2).map(told)).toEqual([]);
  });
});

async function until(reached: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await reached())) {
    if (performance.now() > deadline) throw new Error('it did not come to that');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Its verdict; a conflict with what an earlier walk did is none. */
function verdictOr(response: CoreResponse): string {
  return response.status === 403 || response.status === 404 || response.status < 300 ? verdictOf(response) : 'none';
}
