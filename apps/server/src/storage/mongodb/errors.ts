import { MongoError, MongoInvalidArgumentError, MongoServerError } from 'mongodb';
import { ParleyError } from '@parley/shared/protocol/errors';

/** How a batch goes on after the database failed it. */
export type Failure = 'again' | 'duplicate' | 'unknown' | 'away' | 'refused';

const DUPLICATE = 11_000;
/** Out of disk space, as the server names it. */
const NO_SPACE = new Set([14_031]);
/** Answers that say nothing against the same question a little later: a snapshot too old or too new, a lock, a step-down, a shutdown. */
const PASSING = new Set([112, 246, 239, 24, 46, 189, 91, 11_600, 11_602, 10_107, 13_435, 13_436, 50, 262, 202]);

export const isDatabaseError = (error: unknown): error is MongoError => error instanceof MongoError;
const codeOf = (error: unknown): number | undefined => (error instanceof MongoServerError && typeof error.code === 'number' ? error.code : undefined);
export const isSnapshotGone = (error: unknown): boolean => codeOf(error) === 246 || codeOf(error) === 239;

export function failureOf(error: unknown): Failure {
  if (codeOf(error) === DUPLICATE) return 'duplicate';
  if (error instanceof MongoError && error.hasErrorLabel('UnknownTransactionCommitResult')) return 'unknown';
  if (error instanceof MongoError && error.hasErrorLabel('TransientTransactionError')) return 'again';
  const code = codeOf(error);
  if (code !== undefined && NO_SPACE.has(code)) return 'away';
  if (code !== undefined) return PASSING.has(code) ? 'again' : 'refused';
  // The driver itself refuses what no server would take, such as a document beyond the largest size.
  return error instanceof MongoError && !(error instanceof MongoInvalidArgumentError) ? 'away' : 'refused';
}

/** What a failure of the database itself means to callers; anything else passes through. */
export function storageError(error: unknown): unknown {
  const code = codeOf(error);
  if (code !== undefined && NO_SPACE.has(code)) return new ParleyError('storage_full', 'the disk is full', { retry_after_ms: 5_000 });
  // What it says of a document it will not take may quote it; and to ask again would not help.
  if (error instanceof MongoError && failureOf(error) === 'refused') return new Error(`the database refused a command (${code ?? error.name})`);
  // The driver's own words name hosts, never credentials, but clients have no use for either.
  if (error instanceof MongoError) return new ParleyError('unavailable', `the database failed (${code ?? error.name})`, { retry_after_ms: 1_000 });
  return error;
}

export const unknownResult = (): ParleyError => new ParleyError('unavailable', 'the result of the commit is unknown', { retry_after_ms: 1_000 });
export const closedError = (): ParleyError => new ParleyError('unavailable', 'the store is closed');
