import { ParleyError } from '@parley/shared/protocol/errors';
import { UniqueViolation, type Table } from '../port.ts';

/** The SQLite result code of an error, extended codes included; undefined for anything else. */
export function sqliteCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : undefined;
}

/**
 * What a failure of the database itself means to callers; undefined when it is the command's own. After one of these
 * nothing of the batch may be taken as written.
 */
export function storageError(error: unknown): ParleyError | undefined {
  const code = sqliteCode(error);
  if (code === undefined) return undefined;
  if (code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_NOSPC') return new ParleyError('storage_full', 'the disk is full', { retry_after_ms: 5_000 });
  if (/^SQLITE_(BUSY|LOCKED|READONLY|IOERR|CANTOPEN|CORRUPT|NOTADB|NOMEM|PERM|AUTH|PROTOCOL|INTERRUPT)/.test(code)) {
    return new ParleyError('unavailable', `the database failed (${code})`, { retry_after_ms: 1_000 });
  }
  return undefined;
}

/** Which index a constraint failed on, as SQLite names only its columns. */
export function uniqueViolation(error: unknown, table: Table, keyExists: () => boolean): UniqueViolation | undefined {
  const code = sqliteCode(error);
  if (code === 'SQLITE_CONSTRAINT_PRIMARYKEY') return new UniqueViolation(table.name, 'key');
  if (code !== 'SQLITE_CONSTRAINT_UNIQUE') return undefined;
  if (keyExists()) return new UniqueViolation(table.name, 'key');
  const columns = (error as Error).message.replace(/^.*failed: /, '').split(', ').map((name) => name.slice(name.indexOf('.') + 1)).join();
  const index = Object.entries(table.indexes).find(([, { unique, fields }]) => unique && fields.join() === columns)?.[0];
  return new UniqueViolation(table.name, index ?? 'key');
}

/** An error as it crosses from the writer's thread. */
export type WireError =
  | { kind: 'parley'; code: ParleyError['code']; message: string; extra: ParleyError['extra'] }
  | { kind: 'unique'; table: string; index: string }
  | { kind: 'other'; name: string; message: string; stack: string | undefined };

export function toWire(error: unknown): WireError {
  if (error instanceof ParleyError) return { kind: 'parley', code: error.code, message: error.message, extra: error.extra };
  if (error instanceof UniqueViolation) return { kind: 'unique', table: error.table, index: error.index };
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return { kind: 'other', name, message, stack };
}

export function fromWire(wire: WireError): Error {
  if (wire.kind === 'parley') return new ParleyError(wire.code, wire.message, wire.extra);
  if (wire.kind === 'unique') return new UniqueViolation(wire.table, wire.index);
  const error = new Error(wire.message);
  error.name = wire.name;
  if (wire.stack !== undefined) error.stack = wire.stack;
  return error;
}
