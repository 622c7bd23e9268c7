/** What uploads are measured against: an Express route that writes the body to a file of its own, syncs file and directory, and answers. */
import { randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import express from 'express';

const [directory] = process.argv.slice(2);
const app = express();
app.disable('x-powered-by');
app.post('/api/v1/files', async (request, response) => {
  const id = randomUUID();
  const handle = await open(join(directory, id), 'wx');
  for await (const part of request) await handle.write(part);
  await handle.sync();
  await handle.close();
  const place = await open(directory, 'r');
  await place.sync();
  await place.close();
  response.status(201).json({ id });
});
const server = app.listen(0, '127.0.0.1', () => process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`));
process.on('SIGTERM', () => process.exit(0));
