import { Command } from 'commander';
import { ConfigError } from '../config/load-config.ts';
import { DataInUse } from '../platform/data-lock.ts';
import { MongoUnreachableError, NotReplicaSetError } from '../storage/mongodb/connection.ts';
import { ShardKeyError } from '../storage/mongodb/sharding.ts';
import { StoreMovedError } from '../storage/move/move-mark.ts';
import { PRODUCT_VERSION } from '../platform/version.ts';
import { ParleyError } from '@parley/shared/protocol/errors';
import { BadBackup } from '../backup/archive.ts';
import { backup } from './backup.ts';
import { doctor } from './doctor.ts';
import { doctorPerson } from './doctor-person.ts';
import { serveDemo } from './demo.ts';
import { importSlack, type ImportOptions } from './import.ts';
import { migrateStore, type MigrateStoreOptions } from './migrate-store.ts';
import { output, UsageError, type Output } from './output.ts';
import { restore, restored } from './restore.ts';
import { rebuildSearch } from './search-rebuild.ts';
import { shard } from './shard.ts';
import { serve } from './serve.ts';
import { createUserCommand } from './user-create.ts';

export interface GlobalOptions {
  json?: boolean;
  data?: string;
}

/** The `parley` command line. Each command takes `--json` and `--data`. */
export function program(): Command {
  const parley = new Command('parley').description('Team messaging that an organisation runs itself').version(PRODUCT_VERSION).option('--json', 'print one JSON document').option('--data <dir>', 'the data directory');
  // They may stand before the command or behind it.
  parley.hook('preAction', (_, action) => {
    for (const name of ['json', 'data']) if (parley.getOptionValue(name) !== undefined) action.setOptionValue(name, parley.getOptionValue(name));
  });
  const command = (parent: Command, name: string, summary: string): Command => parent.command(name).description(summary);

  command(parley, 'serve', 'Serve the API, the web client and the console').option('--demo', 'with sample history, on this machine only, in ./demo-data')
    .action((options: GlobalOptions & { demo?: boolean }) => run(options, (out) => (options.demo ? serveDemo(out, options) : serve(out, options))));

  const imports = parley.command('import').description('Bring history from elsewhere');
  command(imports, 'slack', 'Import a Slack export').argument('<file>', 'the zip archive').option('--dry-run', 'tell what would come, and change nothing').option('--workspace <id or name>', 'needed when there are several')
    .action((file: string, options: ImportOptions) => run(options, (out) => importSlack(out, file, options)));

  const user = parley.command('user').description('People of this server');
  command(user, 'create', 'Make an account in a workspace')
    .requiredOption('--username <name>').requiredOption('--email <address>').option('--display-name <name>').option('--password <password>', 'made up and printed when left out')
    .option('--workspace <id or name>', 'needed when there are several').option('--role <role>', 'guest, member, admin or owner').option('--server-role <role>', 'member, admin or owner')
    .action((options: GlobalOptions & Record<string, unknown>) => run(options, (out) => createUserCommand(out, options)));

  const search = parley.command('search').description('The search index');
  command(search, 'rebuild', 'Make the search index anew from the stored messages').action((options: GlobalOptions) => run(options, (out) => rebuildSearch(out, options)));

  command(parley, 'backup', 'Everything this server knows, in one file; the server may be running').argument('<out>', 'the file to write, such as parley.zip')
    .action((file: string, options: GlobalOptions) => run(options, (out) => backup(out, file, options)));
  command(parley, 'restore', 'Fill an empty server from a backup; everything must be stopped').argument('<file>', 'the backup')
    .action((file: string, options: GlobalOptions) => run(options, async (out) => {
      if (!(await restore(out, file, options))) process.exitCode = 1;
    }));

  command(parley, 'restored', 'Tell a store that its database was restored by its own tools; everything must be stopped').action((options: GlobalOptions) => run(options, (out) => restored(out, options)));

  command(parley, 'migrate-store', 'Move the whole server between its data directory and MongoDB; everything must be stopped')
    .option('--from <store>', 'sqlite or mongodb').option('--to <store>', 'sqlite or mongodb').option('--replace', 'use a target whose server was moved away').option('--reopen <store>', 'go on with a store that was moved away')
    .action((options: GlobalOptions & MigrateStoreOptions) => run(options, async (out) => {
      if (!(await migrateStore(out, options))) process.exitCode = 1;
    }));

  command(parley, 'shard', 'Shard the collections behind a MongoDB router').action((options: GlobalOptions) => run(options, (out) => shard(out, options)));

  command(parley, 'doctor', 'Look for what is wrong here').option('--person <username>', 'where the devices of one person are')
    .action((options: GlobalOptions & { person?: string }) => run(options, async (out) => {
      if (options.person !== undefined) await doctorPerson(out, options.person, options);
      else if (!(await doctor(out, options))) process.exitCode = 1;
    }));
  return parley;
}

/** Told in their own words, without a stack. */
const KNOWN = [UsageError, BadBackup, DataInUse, ParleyError, StoreMovedError, MongoUnreachableError, NotReplicaSetError, ShardKeyError] as const;

/** Runs a command; what the person can mend is told in plain words, with exit code 1. */
export async function run(options: GlobalOptions, work: (out: Output) => Promise<void>): Promise<void> {
  const out = output(options.json === true);
  try {
    await work(out);
  } catch (error) {
    const problems = error instanceof ConfigError ? error.problems.map((p) => `${p.name}: ${p.message}`) : KNOWN.some((kind) => error instanceof kind) ? [(error as Error).message] : null;
    if (!problems) throw error;
    out.result({ error: problems.join('\n'), problems });
    for (const problem of problems) process.stderr.write(`parley: ${problem}\n`);
    process.exitCode = 1;
  }
}
