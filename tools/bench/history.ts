import { randomFillSync, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { channelStream } from '@parley/shared/domain/streams';
import { loadConfig } from '../../apps/server/src/config/load-config.ts';
import { createCore, type Core } from '../../apps/server/src/core.ts';
import { PageCache } from '../../apps/server/src/features/messages/page-cache.ts';
import { DiskUploads } from '../../apps/server/src/files/disk/disk-uploads.ts';
import { MemoryFiles } from '../../apps/server/src/files/memory/memory-files.ts';
import { noLinks } from '../../apps/server/src/links/port.ts';
import { noMail } from '../../apps/server/src/mail/port.ts';
import { noPictures } from '../../apps/server/src/pictures/port.ts';
import type { Deps } from '../../apps/server/src/platform/deps.ts';
import { silentLogger } from '../../apps/server/src/platform/logger.ts';
import { noMetrics } from '../../apps/server/src/platform/metrics.ts';
import { serverSecret } from '../../apps/server/src/platform/server-secret.ts';
import { noPush } from '../../apps/server/src/push/port.ts';
import { EmbeddedRegistry } from '../../apps/server/src/registry/embedded/embedded-registry.ts';
import { MemorySearchIndex } from '../../apps/server/src/search/memory/memory-index.ts';
import { openMongoStore } from '../../apps/server/src/storage/mongodb/mongodb-store.ts';
import { startMongod } from '../../apps/server/src/storage/mongodb/testing.mongod.ts';
import type { Store } from '../../apps/server/src/storage/port.ts';
import { openSqliteStore } from '../../apps/server/src/storage/sqlite/sqlite-store.ts';
import { COMMANDS } from './fanout.child.commands.ts';
import { CONTENT, seed } from './fanout.child.world.ts';

export interface HistoryFigures {
  store: string;
  what: string;
  cache: string;
  /** From the first question to the last answer. */
  all_ms: number;
  p50_ms: number;
  p99_ms: number;
  cpu_ms: number;
}

const READERS = 1_000;
const MESSAGES = 2_000;
/** So many changes were missed. */
const MISSED = 40;
const ROUNDS = 7;

/**
 * `npm run bench -- history [--store=mongodb]`: 1,000 people who open the same channel at once after their gateway died, in
 * process: the newest page, and `POST /sync` with a cursor from a moment ago. With the cache of pages and without take turns.
 */
export async function run(args: readonly string[] = []): Promise<{ name: 'history'; figures: HistoryFigures[] }> {
  const mongodb = args.includes('--store=mongodb');
  const directory = mkdtempSync(join(tmpdir(), 'parley-bench-history-'));
  const mongod = mongodb ? await startMongod() : undefined;
  const store = mongod ? await openMongoStore({ url: mongod.url('bench'), commands: COMMANDS }) : await openSqliteStore({ file: join(directory, 'parley.db'), commandsModule: new URL('./fanout.child.commands.ts', import.meta.url).href });
  try {
    const once = store.run.bind(store) as unknown as (name: string, args: unknown) => Promise<unknown>;
    const call = async (name: string, given: unknown): Promise<unknown> => {
      for (;;) {
        try {
          return await once(name, given);
        } catch (error) {
          // Filling it asks for more than a store that has just begun believes in.
          if ((error as { code?: unknown }).code !== 'unavailable') throw error;
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
      }
    };
    const { channelId, people } = await seed(call, READERS);
    for (let i = 0; i < MESSAGES; i += 64) await Promise.all(Array.from({ length: Math.min(64, MESSAGES - i) }, () => call('bench.post', { channel_id: channelId, author_id: people[0]!.id, id: randomUUID(), content: CONTENT })));
    const figures: HistoryFigures[] = [];
    const cores: [string, Core][] = [['without', coreOver(store, directory)], ['with', coreOver(store, directory, new PageCache(noMetrics))]];
    const cursor = MESSAGES + 1 - MISSED;
    const questions: [string, (core: Core, token: string) => Promise<unknown>][] = [
      ['newest page of 50', (core, token) => core.handle({ method: 'GET', path: 'messages', headers: { authorization: `Bearer ${token}` }, address: '127.0.0.1', query: { channel_id: channelId } })],
      [`sync, ${MISSED} missed`, (core, token) => core.handle({ method: 'POST', path: 'sync', headers: { authorization: `Bearer ${token}` }, address: '127.0.0.1', body: { cursors: { [channelStream(channelId)]: cursor } } })],
    ];
    for (const [what, ask] of questions) {
      const times = new Map(cores.map(([name]) => [name, [] as { all: number; cpu: number; each: number[] }[]]));
      for (let round = 0; round < ROUNDS; round++) {
        for (const [name, core] of cores) {
          // A message comes in between, as it would: the first to ask reads the page.
          await call('bench.post', { channel_id: channelId, author_id: people[0]!.id, id: randomUUID(), content: CONTENT });
          const measured = await storm(people, (token) => ask(core, token));
          if (round > 1) times.get(name)!.push(measured);
        }
      }
      for (const [cache, rounds] of times) {
        const [middle] = [...rounds].sort((a, b) => a.all - b.all).slice(Math.floor(rounds.length / 2));
        const each = middle!.each.sort((a, b) => a - b);
        figures.push({ store: mongodb ? 'mongodb' : 'sqlite', what, cache, all_ms: Math.round(middle!.all), p50_ms: Math.round(each[READERS / 2]!), p99_ms: Math.round(each[Math.floor(READERS * 0.99)]!), cpu_ms: Math.round(middle!.cpu) });
      }
    }
    console.table(figures);
    return { name: 'history', figures };
  } finally {
    await store.close();
    await mongod?.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function storm(people: readonly { token: string }[], ask: (token: string) => Promise<unknown>): Promise<{ all: number; cpu: number; each: number[] }> {
  const cpu = process.cpuUsage();
  const began = performance.now();
  const each = await Promise.all(people.map(async ({ token }) => {
    const answer = (await ask(token)) as { status: number; body: unknown };
    if (answer.status !== 200) throw new Error(JSON.stringify(answer));
    // As it is written to a socket.
    JSON.stringify(answer.body);
    return performance.now() - began;
  }));
  const { user, system } = process.cpuUsage(cpu);
  return { all: performance.now() - began, cpu: (user + system) / 1000, each };
}

function coreOver(store: Store, directory: string, pages?: PageCache): Core {
  const clock = { now: () => Date.now(), setTimer: (ms: number, task: () => void) => ({ cancel: ((t) => () => clearTimeout(t))(setTimeout(task, ms)) }) };
  const random = { bytes: (n: number) => randomFillSync(new Uint8Array(n)) };
  const deps: Deps = {
    store, clock, random, presence: new EmbeddedRegistry({ clock, random }), logger: silentLogger, metrics: noMetrics, search: new MemorySearchIndex(), passwords: { hash: async () => '', verify: async () => false }, pictures: noPictures,
    files: new MemoryFiles(), cardPictures: new MemoryFiles(), archives: new MemoryFiles(), uploads: new DiskUploads(directory), push: noPush, mailer: noMail, secret: serverSecret(new Uint8Array(32)), links: noLinks, config: loadConfig({ PARLEY_RATE_LIMITS: 'off' }, { data: directory }), ...(pages && { pages }),
  };
  return createCore(deps);
}
