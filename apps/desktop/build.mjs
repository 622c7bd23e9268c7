import { build } from 'esbuild';
import { mkdir, writeFile } from 'node:fs/promises';

const here = new URL('.', import.meta.url).pathname;
await build({ entryPoints: [`${here}src/main/main.ts`], outfile: `${here}dist/main.cjs`, bundle: true, platform: 'node', format: 'cjs', target: 'node16', external: ['electron'], logLevel: 'warning' });
await mkdir(`${here}dist`, { recursive: true });
await writeFile(`${here}dist/package.json`, JSON.stringify({ name: 'parley', version: '0.1.0', main: 'main.cjs' }, null, 2) + '\n');
