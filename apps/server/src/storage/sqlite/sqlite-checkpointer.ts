import { parentPort, workerData } from 'node:worker_threads';
import { openWriter } from './connection.ts';
import { sqliteCode } from './errors.ts';

/**
 * Entry of the checkpointer's thread: copies what is committed from the log into the database file while the writer goes
 * on, so that the writer's own checkpoint, which begins the log anew, finds little left to do. Passive: it waits for
 * nobody, and what it cannot copy now is copied later.
 */
const { file } = workerData as { file: string };
const port = parentPort;
if (!port) throw new Error('this module is the entry of a worker thread');

const db = openWriter(file);
const checkpoint = db.prepare('PRAGMA wal_checkpoint(PASSIVE)');

port.on('message', (message: 'run' | 'close') => {
  if (message === 'close') {
    db.close();
    port.close();
    return;
  }
  try {
    checkpoint.all();
    port.postMessage({ problem: null });
  } catch (error) {
    // Nothing is lost: the log stays as it is, and the writer meets the same trouble by itself and tells it.
    port.postMessage({ problem: sqliteCode(error) ?? String(error) });
  }
});
