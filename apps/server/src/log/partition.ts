import type { StreamName } from '@parley/shared/domain/streams';
import { PARTITIONS } from './port.ts';

/** The partition of a stream: FNV-1a of its name, alike on every server. */
export function partitionOf(stream: StreamName): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < stream.length; i++) hash = Math.imul(hash ^ stream.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % PARTITIONS;
}
