import { CLOCKED_STORES } from '../storage/testing.clocked-stores.ts';
import { describeJobs } from './jobs.contract.ts';
import { StoreJobs } from './store-jobs.ts';

for (const { name, open } of CLOCKED_STORES) {
  describeJobs(`store, ${name}`, async () => {
    const { store, ...rest } = await open();
    return { jobs: new StoreJobs(store), ...rest };
  });
}
