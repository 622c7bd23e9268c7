import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import type { Plugin } from 'vite';

const SOURCE = fileURLToPath(new URL('../src/service-worker/worker.ts', import.meta.url));
const STATIC = ['favicon.svg', 'icon-192.png', 'icon-512.png', 'icon-maskable-512.png', 'manifest.webmanifest'];
const PUBLIC = fileURLToPath(new URL('../public/', import.meta.url));

/** Makes `sw.js` from the worker's source with the list of everything that was built, and a version over their contents. */
export function serviceWorker(): Plugin {
  return {
    name: 'parley:service-worker',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      const hash = createHash('sha256');
      const files: string[] = [];
      for (const [name, output] of Object.entries(bundle)) {
        if (/\.(map|json)$/.test(name)) continue;
        hash.update(name).update(output.type === 'chunk' ? output.code : output.source);
        if (name !== 'index.html') files.push(`/${name}`);
      }
      for (const name of STATIC) {
        hash.update(readFileSync(`${PUBLIC}${name}`));
        files.push(`/${name}`);
      }
      const source = readFileSync(SOURCE, 'utf8');
      const version = hash.update(source).digest('hex').slice(0, 12);
      const { code } = transformSync(source, { loader: 'ts', format: 'iife', target: 'chrome108', minify: true, define: { PRECACHE: JSON.stringify(['/', ...files.sort()]), VERSION: JSON.stringify(version) } });
      this.emitFile({ type: 'asset', fileName: 'sw.js', source: code });
    },
  };
}
