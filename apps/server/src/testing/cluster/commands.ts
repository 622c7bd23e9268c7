import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export type CommandName = 'mongod' | 'redis' | 'nginx' | 'weed';

const PROVISIONED = fileURLToPath(new URL('../../../../../.tmp/provision.json', import.meta.url));
/** Variable that names it, what it is called on PATH, and how it tells its version. */
const COMMANDS: Record<CommandName, { variable: string; file: string; version: string }> = {
  mongod: { variable: 'PARLEY_MONGOD', file: 'mongod', version: '--version' },
  redis: { variable: 'PARLEY_REDIS_SERVER', file: 'redis-server', version: '--version' },
  nginx: { variable: 'PARLEY_NGINX', file: 'nginx', version: '-v' },
  weed: { variable: 'PARLEY_WEED', file: 'weed', version: 'version' },
};

/** The variable, then what `npm run provision` found, then PATH; undefined when none of them starts. */
export function commandFile(name: CommandName): string | undefined {
  const { variable, file, version } = COMMANDS[name];
  const provisioned = existsSync(PROVISIONED) ? (JSON.parse(readFileSync(PROVISIONED, 'utf8')) as Partial<Record<string, string | null>>)[name] : undefined;
  return [process.env[variable], provisioned, file, `/usr/sbin/${file}`].find((path) => path && spawnSync(path, [version], { stdio: 'ignore' }).status === 0) ?? undefined;
}

export function neededCommand(name: CommandName): string {
  const file = commandFile(name);
  if (file === undefined) throw new Error(`${COMMANDS[name].file} is needed: run \`npm run provision\`, or set ${COMMANDS[name].variable}`);
  return file;
}

/** On a person's machine what needs them is skipped with a word, under `CI=true` it fails. */
export function hasCommands(...names: CommandName[]): boolean {
  const missing = names.filter((name) => commandFile(name) === undefined);
  if (missing.length === 0) return true;
  if (process.env['CI'] === 'true') throw new Error(`${missing.join(', ')} needed for these tests: run \`npm run provision\``);
  console.warn(`SKIPPED: there is no ${missing.join(', ')} here (run \`npm run provision\`)`);
  return false;
}
