import { expect, it } from 'vitest';
import { bundleWith } from './bundle.ts';
import { MUTATIONS } from './mutations.ts';

const MOST_SEEDS = 400;

it.each(MUTATIONS.map((m) => [m.name, m] as const))('CVG2 the simulation catches: %s', async (_name, mutation) => {
  const bundle = await bundleWith(mutation);
  try {
    let caught: string | null = null;
    let seed = mutation.likely ?? 1;
    for (let tried = 0; caught === null && tried < MOST_SEEDS; tried++) {
      if (tried > 0) seed = tried;
      const outcome = await bundle.simulate(seed, { cluster: mutation.cluster === true });
      if (outcome.problems.length > 0) caught = outcome.problems[0]!;
    }
    console.log(`${mutation.name}: seed ${seed}: ${caught?.slice(0, 160)}`);
    expect(caught).not.toBeNull();
  } finally {
    bundle.dispose();
  }
});
