import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { openServices, type Services } from '../../apps/server/src/compose.ts';
import { loadConfig } from '../../apps/server/src/config/load-config.ts';
import { createCore } from '../../apps/server/src/core.ts';
import { SearchIndexer } from '../../apps/server/src/features/search/search-indexer.ts';
import { runImport } from '../../apps/server/src/features/imports/imports.service.ts';
import { MongodbSearchIndex } from '../../apps/server/src/search/mongodb/mongodb-index.ts';
import type { SearchIndex } from '../../apps/server/src/search/port.ts';
import { matchExpression } from '../../apps/server/src/search/sqlite/fts-question.ts';
import { startMongod } from '../../apps/server/src/storage/mongodb/testing.mongod.ts';
import { parseQuery } from '../../libs/shared/src/domain/search/query.ts';
import { termsOf } from '../../libs/shared/src/domain/search/terms.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const LARGE = process.env['PARLEY_LARGE_ARCHIVE'] ?? join(root, '../shared/data/ubuntu-irc-slack-export.zip');
const SMALL = join(root, 'samples/irc-small-slack-export.zip');
const ROUNDS = 12;
/** Common and rare words, phrases, prefixes of one and many letters, several words, nothing. */
const QUERIES = [
  'ubuntu', 'the', 'install', 'nvidia driver', '"apt-get install"', 'how do i', 'wireless network card', 'kde', 'u', 'ub', 'gno', 'grub2', 'sources.list', 'xorg.conf resolution', 'thanks', 'error message',
  '"no such file or directory"', 'zzyzx', 'http', 'c++', 'has:link nvidia', 'sudo -from', 'firefox crash', 'is it possible', 'partition', 'mp3 codec', 'usb stick boot', 'python', 'what', 'dvd',
];

/**
 * `npm run bench -- search [--index=mongodb] [FILE]`: an archive into a new data directory, its index, then searches through the
 * whole server core, newest and by relevance. With `--index=mongodb` the same messages are indexed in a mongod of its own too,
 * and both indexes are asked in turns over the same embedded store.
 */
export async function run(argv: readonly string[]): Promise<void> {
  const args = argv.filter((arg) => !arg.startsWith('--'));
  const file = args[0] ?? (existsSync(LARGE) ? LARGE : SMALL);
  if (file === SMALL && args[0] === undefined) console.log('The large archive is not here (PARLEY_LARGE_ARCHIVE): measuring the sample.');
  const data = mkdtempSync(join(tmpdir(), 'parley-bench-search-'));
  try {
    await measure(file, data, argv.includes('--index=mongodb'));
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

async function measure(file: string, data: string, mongodb: boolean): Promise<void> {
  const settings = { ...loadConfig({ PARLEY_RATE_LIMITS: 'off' }, { data }), logLevel: 'silent' as const };
  const services = await openServices(settings);
  try {
    const core = createCore(services.deps);
    const call = async (method: string, path: string, fields: Record<string, unknown>, token?: string) => {
      const response = await core.handle({ method, path, headers: token ? { authorization: `Bearer ${token}` } : {}, address: '127.0.0.1', ...(method === 'GET' ? { query: fields as Record<string, string> } : { body: fields }) });
      if (response.status >= 400) throw new Error(`${path}: ${JSON.stringify(response.body)}`);
      return response.body as Record<string, unknown>;
    };
    const set = (await call('POST', 'set_up', { workspace_name: 'Bench', username: 'owner', display_name: 'Owner', email: 'owner@example.org', password: 'long enough' })) as { token: string; user: { id: string }; workspace: { id: string } };
    const member = await person(call, set);
    const id = crypto.randomUUID();
    await services.deps.store.run('imports.create', { id, workspace_id: set.workspace.id, user_id: set.user.id, kind: 'slack', path: file, fingerprint: 'bench', job: false });
    await runImport(services.deps, id);

    const began = performance.now();
    let messages = 0;
    await new SearchIndexer(services.deps).rebuild((progress) => (messages = progress.messages));
    const seconds = (performance.now() - began) / 1000;
    const path = join(data, 'search.db');
    const size = statSync(path).size + (existsSync(`${path}-wal`) ? statSync(`${path}-wal`).size : 0);
    console.log(`index: ${messages} rows in ${seconds.toFixed(1)} s (${Math.round(messages / seconds)}/s), ${(size / 2 ** 20).toFixed(0)} MiB, ${Math.round(size / messages)} bytes a row`);

    const other = mongodb ? await mongoIndex(services) : undefined;
    const times: Record<string, number[]> = { bare: [], newest: [], relevance: [], ...(other && { 'MongoDB, newest': [], 'MongoDB, relevance': [] }) };
    const slowest: Record<string, [number, string]> = {};
    const bare = bareQuery(path);
    const embedded = services.deps.search;
    for (let round = 0; round < ROUNDS; round++) {
      for (const q of QUERIES) {
        const timed = async (name: string, work: () => unknown): Promise<void> => {
          const start = performance.now();
          await work();
          const ms = performance.now() - start;
          if (round === 0) return; // Nothing is warm yet.
          times[name]?.push(ms);
          if (ms > (slowest[name]?.[0] ?? 0)) slowest[name] = [ms, q];
        };
        await timed('bare', () => bare.run(q));
        for (const sort of ['newest', 'relevance']) await timed(sort, () => call('GET', 'search', { workspace_id: set.workspace.id, q, sort }, member));
        if (!other) continue;
        services.deps.search = other.index;
        for (const sort of ['newest', 'relevance']) await timed(`MongoDB, ${sort}`, () => call('GET', 'search', { workspace_id: set.workspace.id, q, sort }, member));
        services.deps.search = embedded;
      }
    }
    bare.close();
    await other?.stop();
    for (const [name, all] of Object.entries(times)) {
      const sorted = all.sort((a, b) => a - b);
      const at = (p: number): string => (sorted[Math.floor(sorted.length * p)] ?? 0).toFixed(1);
      const about = name === 'bare' ? 'bare FTS5 query, 21 newest rows' : `GET /search, sort=${name}`;
      console.log(`${about}: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, slowest ${slowest[name]?.[0].toFixed(1)} ms (${slowest[name]?.[1]})`);
      if (name !== 'bare') console.log(`goal: p95 under 50 ms: ${Number(at(0.95)) < 50 ? 'met' : 'MISSED'}`);
    }
  } finally {
    await services.close();
  }
}

/** A mongod with nothing but the index, filled from the same store. */
async function mongoIndex(services: Services): Promise<{ index: SearchIndex; stop(): Promise<void> }> {
  const mongod = await startMongod();
  const db = mongod.admin.db('bench');
  const index = new MongodbSearchIndex(db, async () => undefined);
  const began = performance.now();
  let messages = 0;
  await new SearchIndexer({ ...services.deps, search: index }).rebuild((progress) => (messages = progress.messages));
  const seconds = (performance.now() - began) / 1000;
  const { storageSize, totalIndexSize } = (await db.command({ collStats: 'search_messages_2' })) as { storageSize: number; totalIndexSize: number };
  console.log(`MongoDB index: ${messages} rows in ${seconds.toFixed(1)} s (${Math.round(messages / seconds)}/s), ${Math.round((storageSize + totalIndexSize) / 2 ** 20)} MiB (${Math.round(totalIndexSize / 2 ** 20)} of them index), ${Math.round((storageSize + totalIndexSize) / messages)} bytes a row`);
  return { index, stop: () => mongod.stop() };
}

async function person(call: (method: string, path: string, fields: Record<string, unknown>, token?: string) => Promise<Record<string, unknown>>, set: { token: string; workspace: { id: string } }): Promise<string> {
  await call('POST', 'create_user', { workspace_id: set.workspace.id, username: 'searcher', display_name: 'Searcher', email: 's@example.org', password: 'long enough' }, set.token);
  return String((await call('POST', 'sign_in', { login: 'searcher', password: 'long enough' }))['token']);
}

/** What SQLite alone takes: the same words over the same table, without permissions, messages and highlights. */
function bareQuery(path: string): { run(q: string): void; close(): void } {
  const db = new Database(path, { readonly: true });
  const statement = db.prepare('SELECT rowid FROM fts WHERE fts MATCH ? ORDER BY rowid DESC LIMIT 21');
  return {
    run: (q) => void statement.all(matchExpression(termsOf(parseQuery(q, '2026-01-01')), []) ?? 'zzyzx'),
    close: () => db.close(),
  };
}
