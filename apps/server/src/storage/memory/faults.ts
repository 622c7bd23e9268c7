/**
 * What goes wrong with one attempt of a command:
 * - `conflict`: it ran, lost against another and is run again.
 * - `duplicate`: it was committed, its answer got lost on the way, and it is run once more with the same arguments; the
 *   answer is that of the second run, or `unavailable` should that one fail.
 * - `lost`: not committed, and the caller is told `unavailable`.
 * - `unknown`: committed, and the caller is told `unavailable`.
 */
export type Fault = 'none' | 'conflict' | 'duplicate' | 'lost' | 'unknown';

/** Decides before each attempt of a command; `attempt` counts from 1. Conflicts end by themselves after ten. */
export type Faults = (command: string, attempt: number) => Fault;

/** Where a simulation may let others go first. */
export type YieldPoint = 'read' | 'command' | 'committed' | 'answer';

export const MAX_CONFLICTS = 10;
