import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openServices, startApplication } from '../compose.ts';
import { loadConfig } from '../config/load-config.ts';
import { hasMongod, startMongod, type Mongod } from '../storage/mongodb/testing.mongod.ts';
import { openMongoStore } from '../storage/mongodb/mongodb-store.ts';
import { callServer } from '../testing/server-process.ts';
import type { Finding } from './doctor-finding.ts';
import { mongodbFindings } from './doctor-mongodb.ts';
import { doctorPerson } from './doctor-person.ts';
import { output } from './output.ts';

describe('doctor --person in a data directory', () => {
  it('answers while the server runs on it, and names who is not there', async () => {
    const data = mkdtempSync(`${tmpdir()}/parley-doctor-`);
    const app = await startApplication(await openServices({ ...loadConfig({ PARLEY_PORT: '0' }, { data }), logLevel: 'silent' }));
    try {
      await callServer(app.url, 'POST', 'set_up', { body: { workspace_name: 'Acme', username: 'olivia', display_name: 'Olivia', email: 'olivia@example.org', password: 'long enough' } });
      let text = '';
      await doctorPerson(output(true, (part) => (text += part)), 'olivia', { data, env: {} });
      expect(JSON.parse(text)).toMatchObject({ username: 'olivia', devices: [{ state: 'signed in', channels: [{ name: 'general' }] }] });
      await expect(doctorPerson(output(true, () => undefined), 'nobody', { data, env: {} })).rejects.toThrow('nobody has the username nobody');
    } finally {
      await app.stop();
      rmSync(data, { recursive: true, force: true });
    }
  });
});

describe.skipIf(!hasMongod())('doctor on MongoDB', () => {
  let mongod: Mongod;
  beforeAll(async () => void (mongod = await startMongod()));
  afterAll(async () => mongod?.stop());
  const at = (findings: Finding[], check: string) => findings.find((f) => f.check === check);

  it('finds a database well, an index that is missing or other, a clock that is off, and events that wait', async () => {
    const url = mongod.url('doctor');
    expect(at(await mongodbFindings(url), 'mongodb indexes')).toMatchObject({ ok: true, warning: true });
    const store = await openMongoStore({ url });
    await store.run('lease.acquire', { name: 'dispatcher', holder: 'x', ms: 60_000 });
    const well = await mongodbFindings(url);
    expect(well.filter((f) => !f.ok)).toEqual([]);
    expect(at(well, 'mongodb')).toMatchObject({ ok: true, warning: true, detail: expect.stringContaining('PRIMARY') });
    expect(at(well, 'mongodb majority write')).toMatchObject({ ok: true, detail: expect.stringMatching(/acknowledged in \d+ ms|took/) });
    expect(at(well, 'clock of mongodb')!.warning).toBeUndefined();
    expect(at(well, 'dispatchers')).toMatchObject({ ok: true, detail: 'leases held: dispatcher' });
    expect(at(well, 'outbox')!.detail).toContain('empty');

    const db = mongod.admin.db('doctor');
    await db.collection('messages').dropIndex('by_rev');
    await db.collection('sessions').dropIndex('by_expiry');
    await db.collection('sessions').createIndex({ expires_at: -1 }, { name: 'by_expiry' });
    await db.collection<{ _id: string }>('outbox').insertOne({ _id: '1', stream: 'channel:x', at: (Date.now() - 60_000) * 1000, _rest: '{}' } as never);
    vi.spyOn(Date, 'now').mockImplementation(() => performance.timeOrigin + performance.now() - 3_000);
    try {
      const ill = await mongodbFindings(url);
      expect(at(ill, 'mongodb indexes')).toMatchObject({ ok: false, detail: expect.stringContaining('messages.by_rev is missing, sessions.by_expiry is not as it should be') });
      expect(at(ill, 'clock of mongodb')).toMatchObject({ warning: true, detail: expect.stringMatching(/^[23]\.\d+ s ahead of this machine/) });
      expect(at(ill, 'outbox')).toMatchObject({ warning: true, detail: expect.stringContaining('1 committed events wait') });
    } finally {
      vi.restoreAllMocks();
    }
    await store.close();
  });

  it('says what does not answer, and no password', async () => {
    const findings = await mongodbFindings('mongodb://somebody:hunter2@127.0.0.1:1/x?serverSelectionTimeoutMS=200');
    expect(findings).toMatchObject([{ check: 'mongodb', ok: false }]);
    expect(JSON.stringify(findings)).not.toContain('hunter2');
  });
});
