import type { Tx } from './port.ts';

/**
 * A write use case: reads and writes through one transaction, and nothing else. It runs wherever the adapter runs it (a
 * writer thread, a MongoDB session), so arguments and result are plain JSON values, and it holds no state and does no I/O
 * of its own. It may run more than once for one call (a transient conflict), so ids that must not change come with the arguments.
 */
export type CommandHandler<A, R> = (tx: Tx, args: A) => Promise<R>;

export const defineCommand = <A, R>(handler: CommandHandler<A, R>): CommandHandler<A, R> => handler;
