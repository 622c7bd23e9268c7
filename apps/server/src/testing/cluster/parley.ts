import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Role } from '../../config/config.ts';
import type { PartPlan } from './part.ts';

export const SERVER_BUNDLE = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));

export interface ParleyOptions {
  name: string;
  port: number;
  data: string;
  logFile: string;
  roles: readonly Role[];
  env: Readonly<Record<string, string>>;
}

/** A Parley process from the bundle. Settings of whoever runs this do not reach it. */
export function parleyPlan(options: ParleyOptions): PartPlan {
  mkdirSync(options.data, { recursive: true, mode: 0o700 });
  const own = Object.fromEntries(Object.keys(process.env).filter((name) => name.startsWith('PARLEY_')).map((name) => [name, '']));
  return {
    name: options.name, command: process.execPath, args: [SERVER_BUNDLE, 'serve', '--json', '--data', options.data], logFile: options.logFile, stopSignal: 'SIGTERM',
    env: { ...own, PARLEY_HOST: '127.0.0.1', PARLEY_PORT: String(options.port), PARLEY_ROLES: options.roles.join(','), ...options.env },
    ready: async () => {
      try {
        return (await fetch(`http://127.0.0.1:${options.port}/readyz`)).ok;
      } catch {
        return false;
      }
    },
  };
}
