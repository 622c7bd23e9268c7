import { createHash, randomFillSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attachWebSockets } from '../../apps/server/src/edge/websocket.ts';
import { EmbeddedLog } from '../../apps/server/src/log/embedded/embedded-log.ts';
import { partitionOf } from '../../apps/server/src/log/partition.ts';
import type { Deps } from '../../apps/server/src/platform/deps.ts';
import { noMail } from '../../apps/server/src/mail/port.ts';
import { serverSecret } from '../../apps/server/src/platform/server-secret.ts';
import { noPush } from '../../apps/server/src/push/port.ts';
import { noMetrics } from '../../apps/server/src/platform/metrics.ts';
import { DiskUploads } from '../../apps/server/src/files/disk/disk-uploads.ts';
import { MemoryFiles } from '../../apps/server/src/files/memory/memory-files.ts';
import { noLinks } from '../../apps/server/src/links/port.ts';
import { noPictures } from '../../apps/server/src/pictures/port.ts';
import { MemorySearchIndex } from '../../apps/server/src/search/memory/memory-index.ts';
import { silentLogger } from '../../apps/server/src/platform/logger.ts';
import { createRealtime, type RealtimeParts } from '../../apps/server/src/realtime/realtime.ts';
import { EmbeddedRegistry } from '../../apps/server/src/registry/embedded/embedded-registry.ts';
import { openMemoryStore } from '../../apps/server/src/storage/memory/memory-store.ts';
import type { Row, Store } from '../../apps/server/src/storage/port.ts';
import { openSqliteStore } from '../../apps/server/src/storage/sqlite/sqlite-store.ts';
import { channelStream, userStream } from '@parley/shared/domain/streams';
import { COMMANDS, messageDoc } from './fanout.child.commands.ts';

export const CONTENT = 'Does anybody know why the build on the second machine takes twice as long since Tuesday? I looked at the logs and found nothing.';

export interface World {
  port: number;
  store: Store;
  channelId: string;
  people: { id: string; token: string }[];
  connections(): number;
  post(): Promise<unknown>;
  /** Hands `n` committed messages of the channel to the dispatch log. */
  publish(n: number): Promise<void>;
  close(): Promise<void>;
}

/** The product's gateway, dispatcher and carrier over a store with `people` members of one channel, each with a device. */
export async function openWorld(options: { people: number; store: 'memory' | 'sqlite' }): Promise<World> {
  const directory = mkdtempSync(join(tmpdir(), 'parley-bench-'));
  const clock = { now: () => Date.now(), setTimer: (ms: number, task: () => void) => timer(ms, task) };
  const random = { bytes: (n: number) => randomFillSync(new Uint8Array(n)) };
  const store = options.store === 'memory'
    ? openMemoryStore({ clock, random, commands: COMMANDS })
    : await openSqliteStore({ file: join(directory, 'parley.db'), commandsModule: new URL('./fanout.child.commands.ts', import.meta.url).href });
  const run = store.run.bind(store) as unknown as (name: string, args: unknown) => Promise<unknown>;
  const { channelId, people } = await seed(run, options.people);
  const log = new EmbeddedLog({ clock, random });
  const registry = new EmbeddedRegistry({ clock, random });
  const deps: Deps = {
    store, clock, random, presence: registry, logger: silentLogger, metrics: noMetrics, search: new MemorySearchIndex(), passwords: { hash: async () => '', verify: async () => false }, pictures: noPictures, files: new MemoryFiles(),
    push: noPush, mailer: noMail, secret: serverSecret(new Uint8Array(32)),
    links: noLinks, cardPictures: new MemoryFiles(), archives: new MemoryFiles(), uploads: new DiskUploads(directory),
    config: { host: '', port: 0, origins: [], url: '', dataDirectory: '', trustedProxies: [], roles: new Set(), mongodbUrl: null, redisUrl: null, filesPlace: { kind: 'disk', shared: false }, rateLimits: false, largeChannel: 100_000, fileBytes: 1_000_000, fileQuotaBytes: 3_000_000, setUpCode: null, metricsToken: null, egressAllow: [], smtpUrl: null, mailFrom: null, pushContact: null, fcm: null, apns: null },
  };
  const parts: RealtimeParts = { log, registry, alone: true };
  const realtime = createRealtime(deps, parts);
  await realtime.start();
  const server = createServer();
  const sockets = attachWebSockets(server, deps, realtime.gateway);
  server.listen(0, '127.0.0.1', 4_096);
  await once(server, 'listening');
  let rev = 1;
  return {
    port: (server.address() as AddressInfo).port, store, channelId, people,
    connections: () => realtime.gateway.connections(),
    post: () => run('bench.post', { channel_id: channelId, author_id: people[0]!.id, id: randomUUID(), content: CONTENT }),
    publish: async (n) => {
      const stream = channelStream(channelId);
      const events = Array.from({ length: n }, () => {
        const doc = messageDoc({ channel_id: channelId, author_id: people[0]!.id, id: randomUUID(), content: CONTENT, rev: rev + 1, seq: rev });
        return { outbox_id: 'none', stream, from: rev, rev: ++rev, seq: rev - 1, entities: [{ type: 'message', ...doc } as never] };
      });
      await log.append(partitionOf(stream), events);
    },
    close: async () => {
      await realtime.stop();
      sockets.close();
      server.close();
      await store.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export async function seed(run: (name: string, args: unknown) => Promise<unknown>, count: number): Promise<{ channelId: string; people: { id: string; token: string }[] }> {
  const [workspaceId, channelId] = [randomUUID(), randomUUID()];
  const people = Array.from({ length: count }, () => ({ id: randomUUID(), device: randomUUID(), secret: Buffer.from(randomFillSync(new Uint8Array(32))).toString('base64url') }));
  const rows: { table: string; row: Row }[] = [
    { table: 'channels', row: { id: channelId, workspace_id: workspaceId, kind: 'public', rev: 1, browse_name: 'bench', members: count, counted_at: 0, doc: { id: channelId, workspace_id: workspaceId, kind: 'public', name: 'bench', topic: '', purpose: '', member_count: count, archived: false, posting: 'everyone', created_at: '2026-01-01T00:00:00.000Z', head_seq: 0, head_rev: 1, purged_through_seq: 0 } } },
    { table: 'heads', row: { stream: channelStream(channelId), rev: 1, seq: 0, last_at: 0, floor: 0 } },
    { table: 'heads', row: { stream: `workspace:${workspaceId}`, rev: 0, seq: 0, last_at: 0, floor: 0 } },
  ];
  people.forEach(({ id, device, secret }, i) => {
    rows.push(
      { table: 'users', row: { id, server_role: 'member', password_hash: null, local_key: '', created_at: 0, presence: 'auto', presence_until: null, doc: { id, username: `u${i}`, display_name: `U${i}`, is_bot: false, deactivated: false } } },
      { table: 'workspace_members', row: { workspace_id: workspaceId, user_id: id, role: 'member', joined_at: 0, deactivated: 0, sort_name: `u${i}` } },
      { table: 'sessions', row: { user_id: id, device_id: device, secret_hash: createHash('sha256').update(secret).digest('base64url'), name: '', platform: '', address: '', created_at: 0, last_active_at: 0, expires_at: 9e15, revoked_at: null } },
      { table: 'members', row: { channel_id: channelId, user_id: id, role: 'member', stay_id: id, visible_from_seq: 1, joined_seq: 0, joined_at: 0 } },
      { table: 'heads', row: { stream: userStream(id), rev: 1, seq: 0, last_at: 0, floor: 0 } },
      { table: 'entities', row: { stream: userStream(id), type: 'membership', id: channelId, rev: 1, sort: null, workspace_id: workspaceId, doc: { type: 'membership', id: channelId, rev: 1, channel_id: channelId, role: 'member', stay_id: id, visible_from_seq: 1, joined_seq: 0, read_epoch: 1, read_seq: 0, level: 'default', muted: false, joined_at: '2026-01-01T00:00:00.000Z', workspace_id: workspaceId } } },
    );
  });
  for (let i = 0; i < rows.length; i += 500) await run('bench.put', { rows: rows.slice(i, i + 500) });
  return { channelId, people: people.map(({ id, device, secret }) => ({ id, token: `${id}.${device}.${secret}` })) };
}

function timer(ms: number, task: () => void): { cancel(): void } {
  const t = setTimeout(task, ms);
  return { cancel: () => clearTimeout(t) };
}
