#!/usr/bin/env node
/**
 * `npm run e2e -- [tags] [playwright options]`: the stories, against a server of their own or `PARLEY_E2E_URL`.
 * Tags such as `@smoke` choose stories; `--built` takes the builds as they are.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const args = process.argv.slice(2);
const built = args.includes('--built');
const tags = args.filter((a) => a.startsWith('@'));
const rest = args.filter((a) => a !== '--built' && !a.startsWith('@'));
const run = (command, list, env = {}) => spawnSync(command, list, { cwd: root, stdio: 'inherit', env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', ...env } }).status ?? 1;

if (!existsSync(`${root}.tmp/provision.json`) && run('node', ['tools/provision.mjs']) !== 0) process.exit(1);
if (!built && !process.env.PARLEY_E2E_URL && run('npx', ['nx', 'run-many', '-t', 'build', '-p', 'server', 'web', '--output-style=static']) !== 0) process.exit(1);
const { chromium } = JSON.parse(readFileSync(`${root}.tmp/provision.json`, 'utf8'));
process.exit(run('npx', ['playwright', 'test', '--config', 'e2e/playwright.config.ts', ...(tags.length ? ['--grep', tags.join('|')] : []), ...rest], { PARLEY_CHROMIUM: chromium ?? '' }));
