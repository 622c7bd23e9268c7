import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const LARGE = process.env['PARLEY_LARGE_ARCHIVE'] ?? join(root, '../shared/data/ubuntu-irc-slack-export.zip');
const SMALL = join(root, 'samples/irc-small-slack-export.zip');

interface Measured {
  seconds: number;
  max_rss_mb: number;
  counts: Record<string, number>;
}

/** `npm run bench -- import [FILE]`: an archive into a new data directory, in a process of its own, then once more. */
export async function run(args: readonly string[]): Promise<void> {
  const file = args[0] ?? (existsSync(LARGE) ? LARGE : SMALL);
  if (file === SMALL && args[0] === undefined) console.log('The large archive is not here (PARLEY_LARGE_ARCHIVE): measuring the sample.');
  const data = mkdtempSync(join(tmpdir(), 'parley-bench-import-'));
  const bundle = await bundled();
  try {
    for (const what of ['first', 'again']) {
      const child = spawnSync(process.execPath, [join(bundle, 'child.js'), data, file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], cwd: root });
      if (child.status !== 0) throw new Error(`the import ended with ${child.status ?? child.signal}`);
      const { seconds, max_rss_mb, counts } = JSON.parse(child.stdout) as Measured;
      const brought = (counts['messages'] ?? 0) + (counts['notices'] ?? 0);
      console.log(`${what}: ${seconds.toFixed(1)} s, ${Math.round(max_rss_mb)} MB, ${counts['users']} people, ${counts['channels']} channels, ${counts['messages']} messages (${counts['replies']} replies), ${counts['known']} known${brought > 0 ? `, ${Math.round(brought / seconds)} messages/s` : ''}`);
      if (what === 'first' && file === LARGE) console.log(`goal: under 120 s and 400 MB: ${seconds < 120 && max_rss_mb < 400 ? 'met' : 'MISSED'}`);
    }
  } finally {
    rmSync(data, { recursive: true, force: true });
    rmSync(bundle, { recursive: true, force: true });
  }
}

/** Bundled as the server is: compiling on the fly costs memory in each thread that the product never pays. */
async function bundled(): Promise<string> {
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const outdir = mkdtempSync(join(cache, 'bench-import-'));
  await build({
    absWorkingDir: root, outdir, bundle: true, packages: 'external', platform: 'node', format: 'esm', target: 'node20.19', logLevel: 'warning',
    entryPoints: { child: 'tools/bench/import.child.import.ts', 'sqlite-writer': 'apps/server/src/storage/sqlite/sqlite-writer.ts', 'sqlite-checkpointer': 'apps/server/src/storage/sqlite/sqlite-checkpointer.ts' },
    plugins: [{ name: 'bundle-shared', setup: (b) => b.onResolve({ filter: /^@parley\/shared\// }, ({ path }) => ({ path: join(root, 'libs/shared/src', `${path.slice('@parley/shared/'.length)}.ts`) })) }],
  });
  return outdir;
}
