import { createHash } from 'node:crypto';
import { formatUuid } from '@parley/shared/domain/ids';

/** The id of the direct message of these people: the same set is the same channel, whoever opens it first, without asking anybody. */
export function dmChannelId(workspaceId: string, userIds: readonly string[]): string {
  const people = [...new Set(userIds)].sort();
  const digest = createHash('sha256').update([workspaceId, ...people].join('\n')).digest();
  return formatUuid(digest.subarray(0, 16), 8);
}
