import type { Logger } from '../platform/logger.ts';
import type { Connection } from './connection.ts';

/** Runs work of one connection after the work asked for before it. Work that fails ends the connection: the client comes back. */
export function inTurn(connection: Connection, queue: 'changes' | 'deltas', logger: Logger, work: () => Promise<void>): void {
  const tail: Promise<void> = (connection[queue] ?? Promise.resolve())
    .then(() => (connection.closed ? undefined : work()))
    .catch((error: unknown) => {
      logger.warn({ connection: connection.id, error: String(error) }, 'a connection could not be served; it is told to come back');
      connection.apply({ kind: 'failed' });
    })
    .then(() => {
      if (connection[queue] === tail) connection[queue] = null;
    });
  connection[queue] = tail;
}
