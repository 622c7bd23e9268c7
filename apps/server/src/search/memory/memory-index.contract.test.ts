import { searchIndexContract } from '../search-index.contract.ts';
import { MemorySearchIndex } from './memory-index.ts';

searchIndexContract('memory', () => ({ index: new MemorySearchIndex() }));
