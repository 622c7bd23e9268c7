import { expect, it } from 'vitest';
import { simulate } from './simulate.ts';

const one = process.env['PARLEY_SEED'];
const SEEDS = one !== undefined ? [Number(one)] : Array.from({ length: Number(process.env['PARLEY_CLUSTER_SEEDS'] ?? 45) }, (_, i) => i + 1);

it(`CVG1 the same with several processes that die, pause, join and drain one by one (${SEEDS.length} seeds)`, async () => {
  const failed: string[] = [];
  let steps = 0;
  const started = performance.now();
  for (const seed of SEEDS) {
    const outcome = await simulate(seed, { cluster: true });
    steps += outcome.steps;
    if (outcome.problems.length > 0) failed.push(`PARLEY_SEED=${seed}\n  ${outcome.problems.slice(0, 12).join('\n  ')}`);
    if (failed.length >= 5) break;
  }
  const seconds = (performance.now() - started) / 1_000;
  console.log(`${SEEDS.length} seeds, ${steps} steps, ${Math.round(steps / seconds)} steps/s`);
  expect(failed.join('\n'), 'replay one with its PARLEY_SEED').toBe('');
});
