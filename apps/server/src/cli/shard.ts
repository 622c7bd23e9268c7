import { loadConfig } from '../config/load-config.ts';
import { connectMongo } from '../storage/mongodb/connection.ts';
import { asTool } from '../storage/mongodb/in-use.ts';
import { prepareSchema } from '../storage/mongodb/schema.ts';
import { isRouter, shardCollections, shardingAdmin } from '../storage/mongodb/sharding.ts';
import { TABLES } from '../storage/tables.ts';
import { UsageError, type Output } from './output.ts';

/** `parley shard`: behind a router, shards the collections by their shard keys; may be run at any time, and again. */
export async function shard(out: Output, options: { data?: string; env?: Readonly<Record<string, string | undefined>> }): Promise<void> {
  const { mongodbUrl } = loadConfig(options.env ?? process.env, { data: options.data });
  if (mongodbUrl === null) throw new UsageError('PARLEY_MONGODB_URL must say where the router is');
  const { client, db, close } = await connectMongo(asTool(mongodbUrl));
  try {
    const admin = shardingAdmin(client);
    if (!(await isRouter(admin))) {
      out.say('PARLEY_MONGODB_URL leads to a replica set, not to a router (mongos): there is nothing to shard.');
      out.result({ router: false, sharded: [], already: [] });
      return;
    }
    // Their indexes come first: each shard key is the beginning of one.
    await prepareSchema(db, TABLES);
    const done = await shardCollections(admin, db.databaseName, TABLES);
    out.say(done.sharded.length === 0 ? `All ${done.already.length} collections are sharded already.` : `Sharded ${done.sharded.join(', ')}.`);
    out.result({ router: true, ...done });
  } finally {
    await close();
  }
}
