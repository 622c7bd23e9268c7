import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { loadConfig } from '../config/load-config.ts';
import { silentLogger } from '../platform/logger.ts';
import { systemClock, systemRandom } from '../platform/system.ts';
import { openMemoryStore } from '../storage/memory/memory-store.ts';
import { openFiles } from './open-files.ts';

const data = mkdtempSync(join(tmpdir(), 'parley-open-files-'));
afterAll(() => rmSync(data, { recursive: true, force: true }));
const open = (env: Record<string, string>) => openFiles(loadConfig({ PARLEY_MONGODB_URL: 'mongodb://127.0.0.1/x', PARLEY_REDIS_URL: 'redis://127.0.0.1', ...env }, { data }), { store: openMemoryStore({ clock: systemClock, random: systemRandom }), logger: silentLogger });

it('several processes on a disk of their own are refused at boot, with the reason; those that touch no files are not', async () => {
  for (const roles of ['api', 'api,gateway', 'worker']) await expect(open({ PARLEY_ROLES: roles })).rejects.toThrow(/PARLEY_FILES.*disk-shared.*s3/);
  for (const env of [{ PARLEY_ROLES: 'api', PARLEY_FILES: 'disk-shared' }, { PARLEY_ROLES: 'gateway,dispatcher' }, {}] as Record<string, string>[]) (await open(env)).close();
});
