/**
 * What sends are measured against: one Express route and one thread that inserts one row for each message and commits what
 * has come in meanwhile together, at most 64 at once, with `synchronous=FULL`. No accounts, rights, indexes or events.
 */
import { randomUUID } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import express from 'express';

const [file] = process.argv.slice(2);
const writer = new Worker(new URL('./http.child.bare-writer.mjs', import.meta.url), { workerData: { file } });
const waiting = new Map();
let last = 0;
writer.on('message', (done) => {
  for (const { id, seq } of done) {
    waiting.get(id)(seq);
    waiting.delete(id);
  }
});
let turn = [];
/** What one turn of the event loop brings crosses to the writer together, as in the product. */
const submit = (row) => new Promise((resolve) => {
  waiting.set(row.id, resolve);
  if (turn.push(row) === 1) setImmediate(() => {
    writer.postMessage(turn);
    turn = [];
  });
});

const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.use(express.json());
app.post('/api/v1/send_message', async (request, response) => {
  const { channel_id, content, client_msg_id } = request.body;
  const id = randomUUID();
  const at = Math.max(last + 1, Date.now() * 1000);
  last = at;
  const seq = await submit({ id, channel_id, author_id: request.headers.authorization, client_msg_id, content, at });
  response.status(201).json({ message_id: id, seq, timestamp: at });
});
const server = app.listen(0, '127.0.0.1', () => process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`));
process.on('SIGTERM', () => process.exit(0));
