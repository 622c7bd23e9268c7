import { parentPort, workerData } from 'node:worker_threads';
import { stepBack } from '../../platform/thread-priority.ts';
import { FtsIndex, type ChannelWrite } from './fts-index.ts';
import type { FromThread, ToThread } from './search-protocol.ts';

/** Entry of the index's thread: cutting and searching never hold up the server's event loop. */
const port = parentPort;
if (!port) throw new Error('this module is the entry of a worker thread');
/** Enough to keep up with sends, of which each waits for a person. */
const NICE = 10;
stepBack(NICE);
const index = new FtsIndex((workerData as { file: string }).file);
const post = (message: FromThread): void => port.postMessage(message);

const fail = (id: number, error: unknown): void => {
  const { name, message, code } = error as Error & { code?: string };
  post({ id, error: { name, message, ...(code === undefined ? {} : { code }) } });
};

/** Writes that have come and are not begun. */
let writes: { id: number; args: ChannelWrite }[] = [];

/** Those that came while the last were written go together, in their order before whatever else is asked. */
function writeAll(): void {
  const due = writes;
  writes = [];
  if (due.length === 0) return;
  try {
    index.write(due.map(({ args }) => args));
    for (const { id } of due) post({ id, result: undefined });
  } catch (error) {
    for (const { id } of due) fail(id, error);
  }
}

port.on('message', (message: ToThread) => {
  if ('method' in message && message.method === 'write') {
    if (writes.length === 0) setImmediate(writeAll);
    writes.push(message);
    return;
  }
  writeAll();
  if ('close' in message) {
    index.close();
    port.close();
    return;
  }
  const { id } = message;
  try {
    post({ id, result: (index[message.method] as (...args: unknown[]) => unknown)(...message.args) });
  } catch (error) {
    fail(id, error);
  }
});
post({ opened: true });
