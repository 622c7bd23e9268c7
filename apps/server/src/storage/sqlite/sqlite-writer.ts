import { parentPort, workerData } from 'node:worker_threads';
import { uuidv7 } from '@parley/shared/domain/ids';
import { systemRandom } from '../../platform/system.ts';
import type { CommandHandler } from '../command.ts';
import { COMMANDS } from '../commands.ts';
import { BatchWriter } from './batch-writer.ts';
import { CommitLoop } from './commit-loop.ts';
import { toWire } from './errors.ts';
import type { FromWriter, ToWriter, WriterData } from './thread-protocol.ts';

/** Entry of the writer's thread: owns the one connection that writes, so that the event loop of the server never waits for a disk. */
const data = workerData as WriterData;
const port = parentPort;
if (!port) throw new Error('this module is the entry of a worker thread');

const commands = data.commandsModule === undefined ? COMMANDS : ((await import(data.commandsModule)) as { COMMANDS: unknown }).COMMANDS;
const clock = { now: () => Date.now() };
const post = (message: FromWriter): void => port.postMessage(message);

const writer = new BatchWriter({ file: data.file, commands: commands as Readonly<Record<string, CommandHandler<never, unknown>>>, now: clock.now, uuid: () => uuidv7(clock, systemRandom), ...(data.filing ? { filing: data.filing } : {}) });
const loop = new CommitLoop(
  writer,
  ({ outcomes, ...rest }) => post({ type: 'committed', outcomes: outcomes.map(({ id, outcome }) => (outcome.ok ? { id, result: outcome.result } : { id, error: toWire(outcome.error) })), ...rest }),
  // Let messages in that came during the commit.
  async () => new Promise((resolve) => setImmediate(resolve)),
  data.maxBatch,
);

port.on('message', (message: ToWriter) => {
  if (message.type === 'run') loop.add(message.commands);
  else void close();
});
post({ type: 'ready', settings: writer.settings() });

async function close(): Promise<void> {
  await loop.idle();
  writer.close();
  post({ type: 'closed' });
  port?.close();
}
