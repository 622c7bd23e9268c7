import { filesContract } from '../files.contract.ts';
import { MemoryFiles } from './memory-files.ts';

filesContract('memory', async () => new MemoryFiles());
