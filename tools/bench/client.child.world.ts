import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { firstJson } from './http.ts';

export const main = fileURLToPath(new URL('../../apps/server/dist/main.js', import.meta.url));
export const PERSON = { username: 'owner', email: 'owner@example.org', password: 'benchmark-password' };

export interface ClientServer {
  url: string;
  stop(): Promise<void>;
}

export async function startOn(data: string): Promise<ClientServer> {
  const child: ChildProcess = spawn(process.execPath, [main, 'serve', '--json', '--data', data], { env: { ...process.env, PARLEY_PORT: '0', PARLEY_RATE_LIMITS: 'off', PARLEY_LOG_LEVEL: 'warn' }, stdio: ['ignore', 'pipe', 'inherit'] });
  const { url } = (await firstJson(child)) as { url: string };
  return {
    url: url.replace('127.0.0.1', 'localhost'),
    stop: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

/** Sets a server up in `data` and brings the archive in with the command line, as an operator would. */
export async function importInto(data: string, archive: string): Promise<void> {
  const server = await startOn(data);
  const answer = await fetch(`${server.url}/api/v1/set_up`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ workspace_name: 'Bench', username: PERSON.username, display_name: 'Owner', email: PERSON.email, password: PERSON.password }) });
  if (!answer.ok) throw new Error(`set_up: ${await answer.text()}`);
  await server.stop();
  const imported = spawnSync(process.execPath, [main, 'import', 'slack', archive, '--data', data], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (imported.status !== 0) throw new Error(`the import ended with ${imported.status ?? imported.signal}`);
}
