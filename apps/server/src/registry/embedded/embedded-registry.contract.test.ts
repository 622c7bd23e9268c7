import { FakeClock } from '@parley/shared/testing/fake-clock';
import { SeededRandom } from '@parley/shared/testing/seeded-random';
import { registryContract } from '../registry.contract.ts';
import { EmbeddedRegistry } from './embedded-registry.ts';

registryContract('embedded', async (clock) => new EmbeddedRegistry({ clock, random: new SeededRandom(1) }), () => new FakeClock());
