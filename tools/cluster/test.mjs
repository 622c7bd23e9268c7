#!/usr/bin/env node
/**
 * `npm run test:cluster [-- --repeat N] [FILE…]`: the fault tests on real processes, N times in a row, with a summary at the end. Each
 * round runs all files, whatever failed before; the exit code is 1 when anything did.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const args = process.argv.slice(2);
const at = args.indexOf('--repeat');
const rounds = at < 0 ? 1 : Number(args[at + 1]);
if (!Number.isInteger(rounds) || rounds < 1) {
  console.error('--repeat takes a number from 1');
  process.exit(1);
}
const files = at < 0 ? args : args.filter((_, i) => i !== at && i !== at + 1);
mkdirSync(`${root}/.tmp`, { recursive: true });
const report = `${root}/.tmp/cluster-${process.pid}.json`;

/** @type {Map<string, {passed: number, failed: number, skipped: number, ms: number[]}>} */
const tests = new Map();
const failures = [];
for (let round = 1; round <= rounds; round++) {
  if (rounds > 1) console.log(`\n=== round ${round} of ${rounds} ===`);
  rmSync(report, { force: true });
  const run = spawnSync('npx', ['vitest', 'run', '--project', 'cluster', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...files], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  let results;
  try {
    results = JSON.parse(readFileSync(report, 'utf8')).testResults;
  } catch {
    failures.push(`round ${round}: no report (exit ${run.status ?? run.signal})`);
    continue;
  }
  const before = failures.length;
  for (const file of results) {
    for (const test of file.assertionResults) {
      const seen = tests.get(test.fullName) ?? { passed: 0, failed: 0, skipped: 0, ms: [] };
      tests.set(test.fullName, seen);
      if (test.status === 'passed') seen.passed++;
      else if (test.status === 'failed') seen.failed++;
      else seen.skipped++;
      if (test.duration) seen.ms.push(test.duration);
      if (test.status === 'failed') failures.push(`round ${round}: ${test.fullName}\n    ${(test.failureMessages[0] ?? '').split('\n').slice(0, 6).join('\n    ')}`);
    }
    if (file.status === 'failed' && file.assertionResults.every((t) => t.status !== 'failed')) failures.push(`round ${round}: ${file.name}: ${file.message}`);
  }
  if (run.status !== 0 && failures.length === before) failures.push(`round ${round}: exit ${run.status ?? run.signal} without a failed test`);
}
rmSync(report, { force: true });

const seconds = (ms) => (ms / 1_000).toFixed(1);
console.log(`\nrounds: ${rounds}`);
for (const [name, { passed, failed, skipped, ms }] of tests) {
  ms.sort((a, b) => a - b);
  const times = ms.length === 0 ? '' : `  ${seconds(ms[0])} to ${seconds(ms.at(-1))} s, median ${seconds(ms[ms.length >> 1])}`;
  console.log(`${failed ? 'FAILED' : skipped && !passed ? 'skip  ' : 'ok    '}  ${passed}/${passed + failed}${skipped ? ` (${skipped} skipped)` : ''}  ${name}${times}`);
}
for (const failure of failures) console.log(`\n${failure}`);
const sum = (of) => [...tests.values()].reduce((total, t) => total + t[of], 0);
const failed = Math.max(sum('failed'), failures.length);
console.log(`\n${sum('passed')} passed, ${failed} failed${sum('skipped') ? `, ${sum('skipped')} skipped` : ''}`);
process.exit(failed === 0 ? 0 : 1);
