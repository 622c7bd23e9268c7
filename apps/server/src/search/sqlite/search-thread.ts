import { parentPort, workerData } from 'node:worker_threads';
import { FtsIndex } from './fts-index.ts';
import type { FromThread, ToThread } from './search-protocol.ts';

/** Entry of the index's thread: cutting and searching never hold up the server's event loop. */
const port = parentPort;
if (!port) throw new Error('this module is the entry of a worker thread');
const index = new FtsIndex((workerData as { file: string }).file);
const post = (message: FromThread): void => port.postMessage(message);

port.on('message', (message: ToThread) => {
  if ('close' in message) {
    index.close();
    port.close();
    return;
  }
  const { id } = message;
  try {
    post({ id, result: (index[message.method] as (...args: unknown[]) => unknown)(...message.args) });
  } catch (error) {
    const { name, message: text, code } = error as Error & { code?: string };
    post({ id, error: { name, message: text, ...(code === undefined ? {} : { code }) } });
  }
});
post({ opened: true });
