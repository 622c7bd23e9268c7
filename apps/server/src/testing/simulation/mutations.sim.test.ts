import { expect, it } from 'vitest';
import { bundleWith } from './bundle.ts';
import { MUTATIONS } from './mutations.ts';

const MOST_SEEDS = 150;

it.each(MUTATIONS.map((m) => [m.name, m] as const))('CVG2 the simulation catches: %s', async (_name, mutation) => {
  const bundle = await bundleWith(mutation);
  try {
    let caught: string | null = null;
    let seed = 0;
    while (caught === null && seed < MOST_SEEDS) {
      const outcome = await bundle.simulate(++seed);
      if (outcome.problems.length > 0) caught = outcome.problems[0]!;
    }
    console.log(`${mutation.name}: seed ${seed}: ${caught?.slice(0, 160)}`);
    expect(caught).not.toBeNull();
  } finally {
    bundle.dispose();
  }
});
