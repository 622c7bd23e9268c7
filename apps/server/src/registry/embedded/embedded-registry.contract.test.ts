import { countingRandom, FakeClock } from '../../realtime/testing/fake-clock.ts';
import { registryContract } from '../registry.contract.ts';
import { EmbeddedRegistry } from './embedded-registry.ts';

registryContract('embedded', async (clock) => new EmbeddedRegistry({ clock, random: countingRandom() }), () => new FakeClock());
