import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { neededCommand } from './commands.ts';
import type { PartPlan } from './part.ts';

export const NGINX_TEMPLATE = fileURLToPath(new URL('../../../../../deploy/nginx.conf', import.meta.url));

export interface NginxValues {
  listen: string;
  /** `host:port` of each process with the role. */
  api: readonly string[];
  gateway: readonly string[];
  temp: string;
}

export const upstreams = (addresses: readonly string[]): string => addresses.map((address) => `server ${address} max_fails=2 fail_timeout=2s;`).join(' ');

/** `deploy/nginx.conf` with its variables filled in, as the image's start does it. */
export function nginxConfig(template: string, values: NginxValues): string {
  const variables: Record<string, string> = { PARLEY_LISTEN: values.listen, PARLEY_API_SERVERS: upstreams(values.api), PARLEY_GATEWAY_SERVERS: upstreams(values.gateway), PARLEY_NGINX_TEMP: values.temp };
  return template.replace(/\$\{(\w+)\}/g, (whole, name: string) => variables[name] ?? whole);
}

/** nginx on the loopback address. Its files lie in `directory`. */
export function nginxPlan(options: { directory: string; logFile: string; port: number; api: readonly string[]; gateway: readonly string[] }): PartPlan {
  const { directory, port, logFile } = options;
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'nginx.conf');
  writeFileSync(file, nginxConfig(readFileSync(NGINX_TEMPLATE, 'utf8'), { listen: `127.0.0.1:${port}`, api: options.api, gateway: options.gateway, temp: directory }));
  // One worker sees every failure of an upstream; as the same user as this process, the directory is its own.
  const user = process.getuid?.() === 0 ? 'user root; ' : '';
  return {
    name: 'nginx', command: neededCommand('nginx'), args: ['-p', directory, '-c', file, '-e', logFile, '-g', `daemon off; ${user}`], logFile, stopSignal: 'SIGQUIT',
    ready: async () => {
      try {
        return (await fetch(`http://127.0.0.1:${port}/healthz`)).ok;
      } catch {
        return false;
      }
    },
  };
}
