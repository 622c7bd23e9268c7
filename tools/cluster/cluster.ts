import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Cluster, TOPOLOGY } from '../../apps/server/src/testing/cluster/cluster.ts';
import { seedDemo } from './demo.ts';

/** The cluster of `npm run cluster`, until it is told to stop or its input ends. */
const { values } = parseArgs({
  options: { port: { type: 'string', default: '3210' }, members: { type: 'string', default: '1' }, data: { type: 'string' }, demo: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});
const members = Number(values.members);
const port = Number(values.port);
if (members !== 1 && members !== 3) throw new Error('--members takes 1 or 3');
if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error('--port takes a number from 1 to 65535');
const say = (line: string): void => {
  if (!values.json) console.log(line);
};

let stopping = false;
let cluster: Cluster | null = null;
const stop = (): void => {
  if (stopping) return;
  stopping = true;
  say('\n  Stopping…');
  // One that is still starting goes with this process.
  if (cluster === null) process.exit(1);
  cluster.stop().then(() => process.exit(0), (error: unknown) => {
    console.error(error);
    process.exit(1);
  });
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
process.stdin.on('end', stop).on('error', stop).resume();

say('');
try {
  cluster = await Cluster.start({
    members, port, files: 's3', processes: TOPOLOGY, ...(values.data === undefined ? {} : { directory: resolve(values.data) }),
    onUp: (part) => say(`  ${part.name.padEnd(14)} pid ${String(part.pid).padEnd(8)} ${part.logFile}`),
  });
  const notes = values.demo ? await seedDemo(cluster) : [];
  if (!stopping) tell(cluster, notes);
} catch (error) {
  if (!stopping) console.error(`cluster: ${error instanceof Error ? error.message : String(error)}`);
  await cluster?.kill();
  process.exit(1);
}

function tell(running: Cluster, notes: readonly string[]): void {
  const redis = `redis://127.0.0.1:${running.redisPort}`;
  say('');
  for (const [name, { url, roles }] of running.processes) say(`  ${name.padEnd(14)} ${url.padEnd(24)} ${roles.join(', ')}`);
  for (const [name, url] of [['mongodb', running.mongodbUrl], ['redis', redis]] as const) say(`  ${name.padEnd(14)} ${url}`);
  say('');
  say(`  Parley is at ${running.url}`);
  for (const note of notes) say(`  ${note}`);
  say(`  Data: ${running.directory}${values.data === undefined ? ', removed at the end' : ''}`);
  say('  Stop with Ctrl-C.');
  say('');
  if (values.json) console.log(JSON.stringify({ url: running.url, mongodb_url: running.mongodbUrl, redis_url: redis, directory: running.directory, parts: running.parts.map((p) => ({ name: p.name, pid: p.pid, log: p.logFile })), processes: [...running.processes].map(([name, { url, roles }]) => ({ name, url, roles })) }));
}
