#!/usr/bin/env node
/**
 * `npm run cluster`: builds what changed, then runs MongoDB, Redis, nginx, an S3-compatible store and Parley's processes on this
 * machine, as `deploy/compose.yaml` does with containers.
 *
 *   --port N        where people reach it (3210)
 *   --members 3     members of the replica set (1)
 *   --data DIR      keeps the data there; without it they go when it stops
 *   --demo          with sample history and two people to sign in as
 *   --built         builds nothing
 */
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const args = process.argv.slice(2);
if (!args.includes('--built')) {
  const env = { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false' };
  const build = spawnSync('npx', ['nx', 'run-many', '-t', 'build', '-p', 'server', 'web', '--output-style=static'], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', env });
  if (build.status !== 0) {
    console.error(build.stdout);
    console.error('The build failed; nothing was started.');
    process.exit(1);
  }
}
const cluster = spawn(process.execPath, ['--no-warnings', '--import', 'tsx', fileURLToPath(new URL('./cluster.ts', import.meta.url)), ...args.filter((a) => a !== '--built')], { cwd: root, stdio: ['pipe', 'inherit', 'inherit'] });
// Its input ends when this process does, however that is; it ends with it. Ctrl-C reaches both.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => cluster.kill('SIGTERM'));
cluster.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
