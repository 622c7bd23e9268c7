import type { PresenceState } from '@parley/shared/protocol/entities';
import type * as z from 'zod/mini';

type State = z.infer<typeof PresenceState>;

/** Who is here now. Ephemeral: lost with the process, never stored. */
export interface PresenceDirectory {
  /** States of those who are not offline, `dnd` included. */
  statesOf(userIds: readonly string[]): Promise<Map<string, State>>;
}
