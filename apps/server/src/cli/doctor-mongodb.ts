import type { Db, Document, MongoClient } from 'mongodb';
import { connectMongo, withoutSecrets } from '../storage/mongodb/connection.ts';
import { fromDocument } from '../storage/mongodb/documents.ts';
import { asTool } from '../storage/mongodb/in-use.ts';
import { indexesOf } from '../storage/mongodb/schema.ts';
import { isRouter, readSharding, shardingAdmin, type ShardingAdmin } from '../storage/mongodb/sharding.ts';
import { MoveMark, StoreMovedError } from '../storage/move/move-mark.ts';
import type { Table } from '../storage/port.ts';
import { leases, meta, outbox, TABLES, type LeaseRow, type MetaRow } from '../storage/tables.ts';
import { found, LAG_SECONDS, problem, skewFinding, warning, well, type Finding } from './doctor-finding.ts';

const WAIT_MS = 5_000;
/** A write that a majority has in its journals takes milliseconds on healthy disks and networks. */
const SLOW_WRITE_MS = 1_000;
const MAX_COUNTED = 10_000;

/** Looks at the database without changing anything of the server's, so that it may be asked while the server runs. */
export async function mongodbFindings(url: string): Promise<Finding[]> {
  try {
    const { client, db, close } = await connectMongo(asTool(url));
    try {
      const admin = shardingAdmin(client);
      const router = await isRouter(admin);
      return [
        ...(await found('mongodb', () => topology(client, router))),
        ...(await found('mongodb majority write', () => majorityWrite(db))),
        ...(await found('clock of mongodb', () => clock(client))),
        ...(await found('mongodb indexes', () => indexFindings(db, TABLES))),
        ...(router ? await found('mongodb shard keys', () => shardKeyFindings(admin, db.databaseName, TABLES)) : []),
        ...(await found('store', () => mark(db))),
        ...(await found('outbox', () => outboxLag(client, db))),
        ...(await found('dispatchers', () => dispatchers(client, db))),
      ].map((finding) => ({ ...finding, detail: withoutSecrets(finding.detail, url) }));
    } finally {
      await close();
    }
  } catch (error) {
    return [problem('mongodb', error instanceof Error ? error.message : String(error))];
  }
}

async function topology(client: MongoClient, router: boolean): Promise<Finding> {
  if (router) return well('mongodb', 'a router (mongos)');
  let status: Document;
  try {
    status = await client.db('admin').command({ replSetGetStatus: 1 }, { timeoutMS: WAIT_MS });
  } catch {
    return warning('mongodb', 'a replica set; this account may not ask how its members are (it needs clusterMonitor)');
  }
  return replicaSetFinding(status);
}

/** What `replSetGetStatus` says. */
export function replicaSetFinding(status: Document): Finding {
  const members = status['members'] as { name: string; health: number; stateStr: string }[];
  const told = `replica set ${String(status['set'])}: ${members.map(({ name, stateStr }) => `${name} ${stateStr}`).join(', ')}`;
  const voting = Number(status['votingMembersCount'] ?? members.length);
  const majority = Number(status['majorityVoteCount'] ?? Math.floor(voting / 2) + 1);
  const up = members.filter(({ health, stateStr }) => health === 1 && (stateStr === 'PRIMARY' || stateStr === 'SECONDARY' || stateStr === 'ARBITER')).length;
  if (!members.some(({ stateStr }) => stateStr === 'PRIMARY')) return problem('mongodb', `${told}; it has no primary, so nothing can be written`);
  if (up < majority) return problem('mongodb', `${told}; ${up} of ${voting} are up and ${majority} are needed`);
  if (up < members.length) return warning('mongodb', `${told}; not all members are up`);
  if (members.length === 1) return warning('mongodb', `${told}; with one member the server stops when it does`);
  return well('mongodb', told);
}

async function majorityWrite(db: Db): Promise<Finding> {
  const probe = db.collection<{ _id: string; at: Date }>('doctor_probe');
  const began = performance.now();
  await probe.updateOne({ _id: 'probe' }, { $set: { at: new Date() } }, { upsert: true, writeConcern: { w: 'majority', journal: true, wtimeoutMS: WAIT_MS } });
  const ms = Math.round(performance.now() - began);
  return ms > SLOW_WRITE_MS ? warning('mongodb majority write', `took ${ms} ms`) : well('mongodb majority write', `acknowledged in ${ms} ms`);
}

async function clock(client: MongoClient): Promise<Finding> {
  const asked = Date.now();
  const { localTime } = await client.db('admin').command({ hello: 1 });
  return skewFinding('mongodb', (localTime as Date).getTime() - (asked + Date.now()) / 2);
}

/** Indexes that are declared and missing or other than declared; further ones are somebody's choice. */
export async function indexFindings(db: Db, tables: readonly Table[]): Promise<Finding> {
  const present = new Set((await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name));
  const missing: string[] = [];
  let count = 0;
  for (const table of tables) {
    const there = present.has(table.name) ? new Map((await db.collection(table.name).indexes()).map((index) => [index.name, index])) : undefined;
    if (!there) missing.push(`${table.name} is missing`);
    else {
      for (const wanted of indexesOf(table)) {
        const index = there.get(wanted.name);
        if (!index) missing.push(`${table.name}.${wanted.name} is missing`);
        else if (shape(index) !== shape(wanted as Document)) missing.push(`${table.name}.${wanted.name} is not as it should be`);
        else count++;
      }
    }
  }
  if (missing.length === tables.length) return warning('mongodb indexes', 'there is no server in this database yet; the first start makes them');
  return missing.length > 0 ? problem('mongodb indexes', `${missing.slice(0, 20).join(', ')}: a start of the server makes them`) : well('mongodb indexes', `${count} indexes of ${tables.length} collections are as they should be`);
}

const shape = (index: Document): string => JSON.stringify([Object.entries((index['key'] ?? {}) as object), index['unique'] ?? false, index['partialFilterExpression'] ?? null]);

export async function shardKeyFindings(admin: ShardingAdmin, database: string, tables: readonly Table[]): Promise<Finding> {
  const all = await readSharding(admin, database, tables);
  const others = all.filter(({ state }) => state === 'otherwise');
  if (others.length > 0) return problem('mongodb shard keys', others.map(({ collection, key, found: other }) => `${collection} is sharded by ${JSON.stringify(other)} and not by ${JSON.stringify(key)}`).join(', '));
  const unsharded = all.filter(({ state }) => state === 'unsharded').map(({ collection }) => collection);
  return unsharded.length > 0 ? warning('mongodb shard keys', `not sharded: ${unsharded.join(', ')}; run \`parley shard\``) : well('mongodb shard keys', `${all.length} collections are sharded as they should be`);
}

async function mark(db: Db): Promise<Finding> {
  const document = await db.collection<{ _id: string }>(meta.name).findOne({ _id: 'move' });
  const row = document && (fromDocument(meta as Table, document) as MetaRow);
  const parsed = row ? MoveMark.parse(row.value) : undefined;
  return parsed && parsed.state !== 'done' ? problem('store', new StoreMovedError(parsed).message) : well('store', 'mongodb');
}

async function storeMicros(client: MongoClient): Promise<number> {
  return ((await client.db('admin').command({ hello: 1 }))['localTime'] as Date).getTime() * 1000;
}

async function outboxLag(client: MongoClient, db: Db): Promise<Finding> {
  const rows = db.collection<{ _id: string; at: number }>(outbox.name);
  const oldest = await rows.findOne({}, { sort: { _id: 1 } });
  if (!oldest) return well('outbox', 'empty: everything committed was carried on');
  const count = await rows.countDocuments({}, { limit: MAX_COUNTED });
  const seconds = Math.max(0, (await storeMicros(client)) - Number(oldest.at)) / 1_000_000;
  const told = `${count === MAX_COUNTED ? `${MAX_COUNTED} or more` : count} committed events wait, the oldest for ${seconds.toFixed(1)} s`;
  return seconds > LAG_SECONDS ? warning('outbox', `${told}: is a process with the role dispatcher running?`) : well('outbox', told);
}

async function dispatchers(client: MongoClient, db: Db): Promise<Finding> {
  const now = await storeMicros(client);
  const rows = (await db.collection(leases.name).find({}, { limit: 1_000 }).toArray()).map((document) => fromDocument(leases as Table, document) as LeaseRow);
  const alive = rows.filter(({ until }) => until > now).map(({ name }) => name);
  return alive.length > 0 ? well('dispatchers', `leases held: ${alive.sort().join(', ')}`) : warning('dispatchers', 'nobody holds a lease: no dispatcher is running');
}
