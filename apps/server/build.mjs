#!/usr/bin/env node
/** Bundles the server: `dist/main.js`, and `dist/sqlite-writer.js`, `dist/search-thread.js` and `dist/picture-thread.js` for the threads of the writer, the search index and pictures. Packages stay outside. */
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const shared = fileURLToPath(new URL('../../libs/shared/src/', import.meta.url));

/** The shared library is source, not a package: it goes into the bundle. */
const bundleShared = {
  name: 'bundle-shared',
  setup(b) {
    b.onResolve({ filter: /^@parley\/shared\// }, ({ path }) => ({ path: `${shared}${path.slice('@parley/shared/'.length)}.ts` }));
  },
};

rmSync(`${here}dist`, { recursive: true, force: true });
await build({
  absWorkingDir: here,
  entryPoints: { main: 'src/main.ts', 'sqlite-writer': 'src/storage/sqlite/sqlite-writer.ts', 'sqlite-checkpointer': 'src/storage/sqlite/sqlite-checkpointer.ts', 'picture-thread': 'src/pictures/picture-thread.ts', 'search-thread': 'src/search/sqlite/search-thread.ts' },
  outdir: 'dist',
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  sourcemap: true,
  logLevel: 'warning',
  plugins: [bundleShared],
});
