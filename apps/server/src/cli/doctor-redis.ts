import type { Redis } from 'ioredis';
import { PARTITIONS } from '../log/port.ts';
import { loggedAt, positionOf } from '../log/redis/position.ts';
import { openRedis } from '../platform/redis/redis-link.ts';
import { silentLogger } from '../platform/logger.ts';
import { found, LAG_SECONDS, problem, skewFinding, warning, well, type Finding } from './doctor-finding.ts';

/** Looks at Redis without writing to it. */
export async function redisFindings(url: string): Promise<Finding[]> {
  return found('redis', async () => {
    const link = await openRedis(url, { logger: silentLogger, name: 'parley-doctor' });
    try {
      const { client } = link;
      return [
        ...(await found('redis', () => server(client))),
        ...(await found('clock of redis', () => clock(client))),
        ...(await found('redis memory', () => memory(client))),
        ...(await found('redis persistence', () => persistence(client))),
        ...(await found('dispatch log', () => logLag(client))),
      ];
    } finally {
      await link.close();
    }
  });
}

type Info = ReadonlyMap<string, string>;
async function info(client: Redis, section: string): Promise<Info> {
  return new Map((await client.info(section)).split('\r\n').filter((line) => line.includes(':')).map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

async function server(client: Redis): Promise<Finding> {
  const [about, replication] = [await info(client, 'server'), await info(client, 'replication')];
  const told = `Redis ${about.get('redis_version') ?? '?'}, ${replication.get('role') ?? '?'}`;
  return replication.get('role') === 'slave' ? problem('redis', `${told}: it takes no writes; name the primary`) : well('redis', told);
}

async function clock(client: Redis): Promise<Finding> {
  const asked = Date.now();
  const [seconds, micros] = await client.time();
  return skewFinding('redis', Number(seconds) * 1_000 + Number(micros) / 1_000 - (asked + Date.now()) / 2);
}

async function memory(client: Redis): Promise<Finding> {
  return memoryFinding(await info(client, 'memory'));
}

/** What is thrown away under another policy is the dispatch log itself, of which Parley would learn too late. */
export function memoryFinding(about: Info): Finding {
  const policy = about.get('maxmemory_policy') ?? 'unknown';
  const [used, most] = [Number(about.get('used_memory') ?? 0), Number(about.get('maxmemory') ?? 0)];
  const mebibytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MiB`;
  const told = `maxmemory-policy ${policy}, ${mebibytes(used)} of ${most === 0 ? 'no limit' : mebibytes(most)} used`;
  if (policy !== 'noeviction') return problem('redis memory', `${told}: set maxmemory-policy noeviction`);
  if (most === 0) return warning('redis memory', `${told}: set maxmemory, so that Redis refuses writes before the machine ends it`);
  return used > 0.9 * most ? warning('redis memory', `${told}: it is nearly full`) : well('redis memory', told);
}

async function persistence(client: Redis): Promise<Finding> {
  return persistenceFinding(await info(client, 'persistence'));
}

/** Parley keeps nothing in Redis that it cannot make again; but a Redis that fails to save refuses writes by default. */
export function persistenceFinding(about: Info): Finding {
  const aof = about.get('aof_enabled') === '1';
  const told = `append-only file ${aof ? 'on' : 'off'}, last snapshot ${about.get('rdb_last_bgsave_status') ?? 'unknown'}`;
  if (about.get('loading') === '1') return warning('redis persistence', `${told}: it is still loading`);
  if (about.get('rdb_last_bgsave_status') === 'err' || (aof && about.get('aof_last_write_status') === 'err')) return problem('redis persistence', `${told}: the last write to disk failed, and Redis refuses writes until one succeeds`);
  return well('redis persistence', `${told}; losing Redis loses nothing that was sent, it delays what is live`);
}

async function logLag(client: Redis): Promise<Finding> {
  const [seconds, micros] = await client.time();
  const now = Number(seconds) * 1_000 + Number(micros) / 1_000;
  const waiting: { partition: number; entries: number; seconds: number }[] = [];
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const key = `parley:{p${partition}}:log`;
    const entries = await client.xlen(key);
    const [oldest] = entries > 0 ? await client.xrange(key, '-', '+', 'COUNT', 1) : [];
    // Acknowledged entries are trimmed, so what is there waits.
    if (oldest) waiting.push({ partition, entries, seconds: Math.max(0, now - loggedAt(positionOf(oldest[0]))) / 1_000 });
  }
  if (waiting.length === 0) return well('dispatch log', 'nothing waits');
  const behind = waiting.filter((p) => p.seconds > LAG_SECONDS);
  const told = (list: typeof waiting): string => list.slice(0, 10).map((p) => `partition ${p.partition}: ${p.entries} for ${p.seconds.toFixed(1)} s`).join(', ');
  return behind.length > 0 ? warning('dispatch log', `${told(behind)}: no dispatcher follows them`) : well('dispatch log', told(waiting));
}
