#!/usr/bin/env node
/**
 * `npm test`: everything that certifies a change, and one line of totals at the end.
 *
 * Order: provision; lint, types and builds through Nx; unit tests; then simulation beside the end-to-end stories (a core
 * each); then parts in a browser, the tests of real processes and the faults of a cluster, alone. A step that dies without a report counts as one failure.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const reports = `${root}.tmp/reports`;
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });

const totals = { passed: 0, failed: 0, skipped: 0 };
const lines = [];

/** What no step needs, unless it hangs. */
const STEP_MINUTES = 25;
const CLUSTER_MINUTES = 15;

/** Runs a command with its output shown; resolves to the exit code. One that is over its minutes is ended, and failed. */
const run = (command, args, env = {}, minutes = STEP_MINUTES) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', ...env } });
    const late = setTimeout(() => {
      console.error(`\n!!! not done in ${minutes} minutes: ${command} ${args.slice(0, 4).join(' ')} !!!`);
      child.kill('SIGKILL');
    }, minutes * 60_000);
    const end = (code) => {
      clearTimeout(late);
      resolve(code);
    };
    child.on('error', () => end(127));
    child.on('exit', (code, signal) => end(signal ? 128 : code));
  });

function count(name, result) {
  totals.passed += result.passed;
  totals.failed += result.failed;
  totals.skipped += result.skipped ?? 0;
  lines.push(`${result.failed ? 'FAILED' : 'ok    '}  ${name}: ${result.passed} passed, ${result.failed} failed${result.skipped ? `, ${result.skipped} skipped` : ''} (${result.seconds} s)`);
}

async function timed(name, step) {
  const start = Date.now();
  console.log(`\n=== ${name} ===`);
  const result = await step();
  count(name, { ...result, seconds: Math.round((Date.now() - start) / 1000) });
}

const exitOnly = (code) => ({ passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 });

async function vitest(name, projects, args = [], minutes = STEP_MINUTES) {
  const file = `${reports}/${name}.json`;
  const code = await run('npx', ['vitest', 'run', ...projects.flatMap((p) => ['--project', p]), '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...args], {}, minutes);
  return read(file, code, (r) => ({ passed: r.numPassedTests, failed: r.numFailedTests, skipped: r.numPendingTests + (r.numTodoTests ?? 0) }));
}

/** A run that failed without a failed test (a suite that did not load, an unhandled error) is a failure too. */
function read(file, code, totalsOf) {
  try {
    const result = totalsOf(JSON.parse(readFileSync(file, 'utf8')));
    return code !== 0 && result.failed === 0 ? { ...result, failed: 1 } : result;
  } catch {
    return { passed: 0, failed: 1 };
  }
}

async function stories() {
  const file = `${reports}/e2e.json`;
  const code = await run('node', ['tools/e2e.mjs', '--built'], { PLAYWRIGHT_JSON_OUTPUT_NAME: file });
  return read(file, code, (r) => ({ passed: r.stats.expected, failed: r.stats.unexpected + r.stats.flaky, skipped: r.stats.skipped }));
}

await timed('provision', async () => exitOnly(await run('node', ['tools/provision.mjs'])));
await timed('lint, types, build', async () => exitOnly(await run('npx', ['nx', 'run-many', '-t', 'lint', 'typecheck', 'build', '--parallel=2', '--output-style=static'])));
await timed('rules of SPEC.md each have a test', async () => exitOnly(await run('node', ['tools/spec-check.mjs'])));
await timed('unit', () => vitest('unit', ['shared', 'server', 'web', 'desktop', 'tools']));
await Promise.all([timed('simulation', () => vitest('simulation', ['simulation'], ['--maxWorkers=1'])), timed('stories', stories)]);
await timed('browser parts', () => vitest('browser', ['browser']));
await timed('real processes', () => vitest('integration', ['integration'], ['--no-file-parallelism']));
await timed('faults of a cluster', () => vitest('cluster', ['cluster'], ['--no-file-parallelism'], CLUSTER_MINUTES));

console.log(`\n${lines.join('\n')}\n`);
console.log(`${totals.passed} passed, ${totals.failed} failed${totals.skipped ? `, ${totals.skipped} skipped` : ''}`);
process.exit(totals.failed === 0 ? 0 : 1);
