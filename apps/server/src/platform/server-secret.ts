import { createHmac, randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** What lets this server make tokens that it need not keep: each follows from what it is for, and nobody else can make it. */
export interface ServerSecret {
  /** 43 characters of base64url, the same for the same purpose and id. */
  derive(purpose: string, id: string): string;
}

const BYTES = 32;

export const serverSecret = (key: Uint8Array): ServerSecret => ({ derive: (purpose, id) => createHmac('sha256', key).update(`${purpose}\n${id}`).digest('base64url') });

/**
 * The secret of a data directory, made when there is none. It lies in a file of its own, readable by its owner only: a copy of
 * the database alone makes no token. Without it, links in mails that are out stop working.
 */
export function loadServerSecret(directory: string): ServerSecret {
  const path = join(directory, 'server.key');
  if (!existsSync(path)) {
    // Whole or not at all, whatever happens in between.
    const draft = `${path}.${process.pid}`;
    const file = openSync(draft, 'w', 0o600);
    writeSync(file, randomBytes(BYTES));
    fsyncSync(file);
    closeSync(file);
    renameSync(draft, path);
  }
  const key = readFileSync(path);
  if (key.length !== BYTES) throw new Error(`${path} is damaged: it has ${key.length} bytes, not ${BYTES}. Restore it from a backup, or remove it; then links in mails that are out stop working.`);
  return serverSecret(key);
}

/** The key of a data directory that has one. */
export const keptServerKey = (directory: string): Uint8Array | null => (existsSync(join(directory, 'server.key')) ? readFileSync(join(directory, 'server.key')) : null);
