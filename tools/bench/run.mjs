#!/usr/bin/env node
/** `npm run bench -- NAME [options]`: runs `tools/bench/NAME.ts`, which exports `run(args)`; without a name, lists them. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const names = readdirSync(here).filter((f) => f.endsWith('.ts') && !f.includes('.child.') && !f.includes('.test.')).map((f) => f.replace('.ts', ''));
const [name, ...args] = process.argv.slice(2);
if (!name || !names.includes(name)) {
  console.log(`npm run bench -- NAME\n\n${names.map((n) => `  ${n}`).join('\n')}`);
  process.exit(name ? 1 : 0);
}
console.log(`machine: ${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`);
const start = `const { run } = await import(${JSON.stringify(`${here}${name}.ts`)}); await run(${JSON.stringify(args)});`;
process.exit(spawnSync(process.execPath, ['--expose-gc', '--import', 'tsx', '--input-type=module', '-e', start], { stdio: 'inherit', cwd: fileURLToPath(new URL('../..', import.meta.url)) }).status ?? 1);
