import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { uuidv7 } from '@parley/shared/domain/ids';
import { openServices } from '../compose.ts';
import { loadConfig } from '../config/load-config.ts';
import { newAccount } from '../features/workspaces/workspaces.routes.ts';
import { checkPassword } from '../features/accounts/sign-in.service.ts';
import { lockDataDirectory } from '../platform/data-lock.ts';
import { doctor } from './doctor.ts';
import { output, UsageError } from './output.ts';
import { rebuildSearch } from './search-rebuild.ts';
import { createUserCommand } from './user-create.ts';

let data: string;
beforeEach(async () => {
  data = await mkdtemp(`${tmpdir()}/parley-cli-`);
});
afterEach(() => rm(data, { recursive: true }));

const settings = () => ({ ...loadConfig({}, { data }), logLevel: 'silent' as const });

async function setUp(): Promise<void> {
  const services = await openServices(settings());
  const { deps } = services;
  const id = () => uuidv7(deps.clock, deps.random);
  const session = { wanted_device_id: null, device_id: id(), secret_hash: 'x', name: 'test', platform: 'test', address: '127.0.0.1', lasts_us: 1 };
  const account = await newAccount(deps, { username: 'olivia', display_name: 'Olivia', email: 'olivia@example.org', password: 'long enough' });
  await deps.store.run('workspaces.set_up', { account, session, workspace: { id: id(), channel_id: id(), name: 'Acme' } });
  await services.close();
}

/** What a command prints with `--json`. */
function captured(): { out: ReturnType<typeof output>; value(): Record<string, unknown> } {
  let text = '';
  return { out: output(true, (part) => (text += part)), value: () => JSON.parse(text) as Record<string, unknown> };
}

describe('user create', () => {
  it('names every wrong option, and wants a server that is set up', async () => {
    const { out } = captured();
    await expect(createUserCommand(out, { data, username: 'Ben!', email: 'ben' })).rejects.toThrow(/--username[\s\S]*--email/);
    await expect(createUserCommand(out, { data, username: 'ben', email: 'ben@example.org' })).rejects.toThrow(UsageError);
  });

  it('makes an account that signs in with the password it prints', async () => {
    await setUp();
    const { out, value } = captured();
    await createUserCommand(out, { data, username: 'ben', email: 'ben@example.org', role: 'admin' });
    const services = await openServices(settings());
    try {
      const user = await checkPassword(services.deps, 'ben@example.org', String(value()['password']));
      expect(user).toMatchObject({ id: value()['user_id'], server_role: 'member', doc: { username: 'ben' } });
    } finally {
      await services.close();
    }
    await expect(createUserCommand(captured().out, { data, username: 'ben', email: 'other@example.org' })).rejects.toThrow('username is taken');
  });
});

describe('search rebuild', () => {
  it('indexes what is stored, and wants a server that is stopped', async () => {
    await setUp();
    const { out, value } = captured();
    await rebuildSearch(out, { data, json: true });
    expect(value()).toMatchObject({ channels: 1 });
    const services = await openServices(settings());
    try {
      await services.deps.search.prepare(services.deps.store.incarnation());
      expect((await services.deps.search.cursors()).size).toBe(1);
      await expect(rebuildSearch(captured().out, { data, json: true })).rejects.toThrow('Stop it');
    } finally {
      await services.close();
    }
  });
});

describe('doctor', () => {
  it('finds a new place well, and tells when a server runs there', async () => {
    const well = captured();
    await doctor(well.out, { data });
    const findings = well.value()['findings'] as { check: string; ok: boolean; detail: string }[];
    expect(findings.find((f) => f.check === 'store')).toMatchObject({ ok: true, detail: expect.stringContaining('synchronous=2') });
    const lock = lockDataDirectory(data);
    try {
      const used = captured();
      await doctor(used.out, { data });
      expect((used.value()['findings'] as typeof findings).find((f) => f.check === 'store')).toMatchObject({ ok: true, detail: expect.stringContaining('in use by a running server') });
    } finally {
      lock.release();
    }
  });
});
