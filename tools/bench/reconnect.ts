import { channelStream, userStream } from '../../libs/shared/src/domain/streams.ts';
import { ask, startClients } from './fanout.ts';
import { openWorld } from './fanout.child.world.ts';

/** From the moment all sockets are cut to the moment each has what it missed, by its delta. */
export interface ReconnectFigures {
  clients: number;
  missed: number;
  all_back_ms: number;
  half_back_ms: number;
  server_cpu_ms: number;
}

const CLIENTS = 2_000;
const MISSED = 5;
const ROUNDS = 4;

export async function run(args: string[] = []): Promise<{ name: 'reconnect'; figures: ReconnectFigures[] }> {
  const count = Number(args[0] ?? CLIENTS);
  const world = await openWorld({ people: count, store: 'sqlite' });
  const child = await startClients();
  const stream = channelStream(world.channelId);
  const hellos = (rev: number) => world.people.map(({ id, token }) => JSON.stringify({ type: 'hello', token, cursors: { [stream]: rev, [userStream(id)]: 1 }, looking_at: [world.channelId] }));
  await ask(child, { kind: 'connect', port: world.port, hellos: hellos(1), count }, 'connected');
  const figures: ReconnectFigures[] = [];
  let rev = 1;
  for (let round = 0; round < ROUNDS; round++) {
    const before = rev;
    for (let i = 0; i < MISSED; i++) await world.post();
    rev += MISSED;
    const cpu = process.cpuUsage();
    const back = await ask<{ ms: number; median: number; missing: number }>(child, { kind: 'reconnect', port: world.port, hellos: hellos(before), entities: MISSED }, 'back');
    const spent = process.cpuUsage(cpu);
    if (back.missing > 0) throw new Error(`${back.missing} clients lack messages`);
    figures.push({ clients: count, missed: MISSED, all_back_ms: Math.round(back.ms), half_back_ms: Math.round(back.median), server_cpu_ms: Math.round((spent.user + spent.system) / 1_000) });
  }
  console.table(figures);
  child.disconnect();
  await world.close();
  return { name: 'reconnect', figures };
}
