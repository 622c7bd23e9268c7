import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { Mutation } from './mutations.ts';
import type { Outcome } from './simulate.ts';

const ROOT = fileURLToPath(new URL('../../../../../', import.meta.url));

export interface Bundle {
  simulate(seed: number, options?: { steps?: number; cluster?: boolean }): Promise<Outcome>;
  dispose(): void;
}

/** The whole simulation with the product as it would be with this bug; the sources stay as they are. */
export async function bundleWith(mutation: Mutation): Promise<Bundle> {
  const directory = mkdtempSync(join(ROOT, 'node_modules/.parley-mutation-'));
  const dispose = (): void => rmSync(directory, { recursive: true, force: true });
  try {
    return { simulate: await built(mutation, directory), dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

async function built(mutation: Mutation, directory: string): Promise<Bundle['simulate']> {
  const applied = new Set<number>();
  const outfile = join(directory, 'simulate.mjs');
  await build({
    entryPoints: [join(ROOT, 'apps/server/src/testing/simulation/simulate.ts')], outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20', packages: 'bundle', logLevel: 'silent',
    external: ['better-sqlite3', '@node-rs/argon2', 'pino', 'prom-client'],
    banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
    plugins: [{
      name: 'mutation',
      setup: (context) => context.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const name = relative(ROOT, path).split(sep).join('/');
        const changes = mutation.changes.filter((c) => c.file === name);
        if (changes.length === 0) return undefined;
        let contents = readFileSync(path, 'utf8');
        for (const change of changes) {
          if (contents.split(change.from).length !== 2) throw new Error(`${mutation.name}: not exactly once in ${name}: ${change.from}`);
          contents = contents.replace(change.from, () => change.to);
          applied.add(mutation.changes.indexOf(change));
        }
        return { contents, loader: 'ts' };
      }),
    }],
  });
  if (applied.size !== mutation.changes.length) throw new Error(`${mutation.name}: a file to be changed is not part of the simulation`);
  const { simulate } = (await import(pathToFileURL(outfile).href)) as Pick<Bundle, 'simulate'>;
  return simulate;
}
