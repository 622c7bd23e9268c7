import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { neededCommand } from './commands.ts';
import type { PartPlan } from './part.ts';

/** redis-server on the loopback address, keeping nothing: what it holds may be lost at any time. */
export function redisPlan(options: { directory: string; logFile: string; port: number }): PartPlan {
  const { directory, port, logFile } = options;
  mkdirSync(directory, { recursive: true });
  return {
    name: 'redis', command: neededCommand('redis'), logFile, stopSignal: 'SIGTERM',
    args: ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction', '--maxmemory', '256mb'],
    ready: async () => (await ask(port, 'PING')) === '+PONG',
  };
}

/** One inline command to a Redis on the loopback address: the first line of its answer, or '' when there is none. */
export function ask(port: number, command: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let answer = '';
    const end = (): void => {
      socket.destroy();
      resolve(answer.split('\r\n')[0]!);
    };
    socket.setTimeout(2_000, end);
    socket.once('error', end);
    socket.once('close', end);
    socket.once('connect', () => socket.write(`${command}\r\n`));
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
      if (answer.includes('\r\n')) end();
    });
  });
}
