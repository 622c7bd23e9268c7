#!/usr/bin/env node
/** `npm start`: builds what changed, then serves. Arguments go to `parley serve`, such as `--demo`. */
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const build = spawnSync('npx', ['nx', 'run-many', '-t', 'build', '-p', 'server', 'web', '--output-style=static'], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false' } });
if (build.status !== 0) {
  console.error(build.stdout);
  console.error('The build failed; nothing was started.');
  process.exit(1);
}
const server = spawn(process.execPath, [`${root}apps/server/dist/main.js`, 'serve', ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.kill(signal));
server.on('exit', (code, signal) => process.exit(signal ? 0 : (code ?? 1)));
