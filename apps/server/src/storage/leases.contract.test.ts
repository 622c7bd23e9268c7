import { describeLeases } from './leases.contract.ts';
import { CLOCKED_STORES } from './testing.clocked-stores.ts';

for (const { name, open } of CLOCKED_STORES) describeLeases(name, open);
