import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Processes run from the bundle, so it has to be of these sources. */
export default function buildServer(): void {
  const build = spawnSync(process.execPath, [fileURLToPath(new URL('../../../build.mjs', import.meta.url))], { stdio: 'inherit' });
  if (build.status !== 0) throw new Error('the server could not be bundled');
}
