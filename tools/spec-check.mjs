/**
 * Holds SPEC.md of the sync engine and its tests together: every rule has a test whose title begins with its id, and no
 * test names a rule that is not there. Prints what is wrong and exits with 1.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SPEC = 'libs/shared/src/sync/SPEC.md';
const TESTS = ['libs/shared/src/sync', 'apps/web/src/sync', 'apps/server/src/testing/simulation'];

/** Ids in the order of the page. */
export const rulesOf = (spec) => [...spec.matchAll(/^- \*\*([A-Z]+\d+)\*\*/gm)].map((match) => match[1]);

/** Ids that titles begin with. */
export const testedIn = (source) => [...source.matchAll(/\b(?:it|test)(?:\.\w+\([\s\S]*?\))?\(\s*['"`]([A-Z]+\d+)\b/g)].map((match) => match[1]);

/** Rules without a test, tests of unknown rules, and ids given twice. */
export function compare(rules, tested) {
  const names = new Set(tested);
  return {
    untested: rules.filter((rule) => !names.has(rule)),
    unknown: [...names].filter((name) => !rules.includes(name)),
    twice: rules.filter((rule, i) => rules.indexOf(rule) !== i),
  };
}

const testFiles = (directory) =>
  readdirSync(join(ROOT, directory), { recursive: true })
    .filter((name) => /\.test\.tsx?$/.test(name))
    .map((name) => join(ROOT, directory, name));

/** What is wrong, one line each. */
export function check() {
  const rules = rulesOf(readFileSync(join(ROOT, SPEC), 'utf8'));
  const tested = TESTS.flatMap(testFiles).flatMap((file) => testedIn(readFileSync(file, 'utf8')));
  const { untested, unknown, twice } = compare(rules, tested);
  return [...untested.map((rule) => `${rule}: no test`), ...unknown.map((rule) => `${rule}: tested, but no rule of ${SPEC}`), ...twice.map((rule) => `${rule}: stands twice in ${SPEC}`)];
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const wrong = check();
  console.log(wrong.length === 0 ? 'Every rule of the sync engine has a test.' : wrong.join('\n'));
  process.exitCode = wrong.length === 0 ? 0 : 1;
}
