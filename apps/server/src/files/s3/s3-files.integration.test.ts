import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { CreateMultipartUploadCommand, ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Logger, silentLogger } from '../../platform/logger.ts';
import { systemClock, systemRandom } from '../../platform/system.ts';
import { openMemoryStore } from '../../storage/memory/memory-store.ts';
import type { Store } from '../../storage/port.ts';
import type { Role } from '../../config/config.ts';
import { filesContract } from '../files.contract.ts';
import { createHttpServer } from '../../edge/http.ts';
import { FileWorld } from '../../testing/file-world.ts';
import { testWorld } from '../../testing/test-core.ts';
import { type FilePlaces, openFiles } from '../open-files.ts';
import { type Files, TooManyBytes } from '../port.ts';
import { uploadsContract } from '../uploads.contract.ts';
import { sharedFilesContract } from '../shared-files.contract.ts';
import { hasSeaweed, type Seaweed, startSeaweed, TEST_KEYS } from './testing.seaweed.ts';

const directory = mkdtempSync(join(tmpdir(), 'parley-s3-files-'));
const before = { ...process.env };
let seaweed: Seaweed;
let buckets = 0;

const world = (): Store => openMemoryStore({ clock: systemClock, random: systemRandom });
const placeOf = (bucket: string, endpoint = seaweed.endpoint) => ({ dataDirectory: directory, roles: new Set<Role>(['api']), filesPlace: { kind: 's3', bucket, endpoint, region: 'us-east-1' } as const });
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

describe.skipIf(!hasSeaweed())('S3 (SeaweedFS)', () => {
  beforeAll(async () => {
    Object.assign(process.env, TEST_KEYS);
    seaweed = await startSeaweed();
  });
  afterAll(async () => {
    await seaweed?.stop();
    for (const name of Object.keys(TEST_KEYS)) delete process.env[name];
    Object.assign(process.env, before);
    rmSync(directory, { recursive: true, force: true });
  });

  const places = async (store: Store, name = `parley-${++buckets}`): Promise<FilePlaces> => {
    await seaweed.bucket(name).catch(() => undefined);
    return openFiles(placeOf(name), { store, logger: silentLogger });
  };
  const fresh = async (store: Store, name?: string): Promise<Files> => (await places(store, name)).files;
  const keysIn = async (bucket: string): Promise<string[]> => ((await seaweed.client.send(new ListObjectsV2Command({ Bucket: bucket }))).Contents ?? []).map(({ Key }) => String(Key));
  const partsIn = async (bucket: string) => (await seaweed.client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads ?? [];

  filesContract('s3', () => fresh(world()));
  sharedFilesContract('s3', () => {
    const name = `parley-${++buckets}`;
    return { store: world(), open: (store) => fresh(store, name) };
  });

  uploadsContract('s3', async () => {
    const name = `parley-${++buckets}`;
    const [one, two] = [await places(world(), name), await places(world(), name)];
    return { one: one.uploads, two: two.uploads, files: two.files };
  });

  it('an upload by tus whose parts reach two api processes becomes one file, finished once by both', async () => {
    const name = `parley-${++buckets}`;
    const one = await FileWorld.open();
    const { store } = one.world;
    Object.assign(one.world.deps, await places(store, name));
    const other = testWorld({ clock: one.world.clock, random: one.world.random, store: one.world.store, config: one.world.deps.config, deps: await places(store, name) });
    const two = createHttpServer({ core: other.core, web: undefined, metricsText: async () => ({ type: 'text/plain', text: '' }), readiness: async () => ({ ready: true, reasons: [], store: { adapter: 'memory', settings: {}, problems: [] } }) });
    await new Promise<void>((resolve) => two.listen(0, '127.0.0.1', resolve));
    try {
      const bytes = randomBytes(600_000);
      const tus = { 'tus-resumable': '1.0.0', 'content-type': 'application/offset+octet-stream' };
      const { alice } = one.talk;
      const begun = await one.ask(alice, 'POST', 'files', { 'tus-resumable': '1.0.0', 'upload-length': bytes.length, 'upload-metadata': `filename ${Buffer.from('a.bin').toString('base64')}` });
      expect(begun.status).toBe(201);
      const id = String(begun.headers.location).split('/').pop()!;
      const there = `http://127.0.0.1:${(two.address() as AddressInfo).port}/api/v1/files/${id}`;
      const headers = { authorization: `Bearer ${alice.token}`, ...tus };
      expect((await one.ask(alice, 'PATCH', `files/${id}`, { ...tus, 'upload-offset': 0 }, bytes.subarray(0, 250_000))).status).toBe(204);
      expect((await fetch(there, { method: 'HEAD', headers })).headers.get('upload-offset')).toBe('250000');
      expect((await fetch(there, { method: 'PATCH', headers: { ...headers, 'upload-offset': '250000' }, body: bytes.subarray(250_000) })).status).toBe(204);
      const [info, again] = [await one.ask(alice, 'GET', `files/${id}`), await fetch(`${there}/info`, { headers })];
      expect([info.status, Buffer.compare(info.bytes, bytes), again.status < 500]).toEqual([200, 0, true]);
      expect((await keysIn(name)).filter((key) => key.startsWith('uploads/'))).toEqual([]);
    } finally {
      two.closeAllConnections();
      await new Promise((resolve) => two.close(resolve));
      await other.deps.pictures.close();
      await one.close();
    }
  });

  it('a file of many parts comes back whole and in ranges, is sent once, and leaves nothing else', async () => {
    const files = await fresh(world(), 'large');
    const bytes = randomBytes(20 * 1_048_576 + 7);
    const held = await files.keep(once(bytes), bytes.byteLength);
    expect(Buffer.compare(await buffer(await files.read(held.hash)), bytes)).toBe(0);
    const at = 9 * 1_048_576 - 3;
    expect(Buffer.compare(await buffer(await files.read(held.hash, { start: at, end: at + 99 })), bytes.subarray(at, at + 100))).toBe(0);
    (await files.keep(once(bytes), bytes.byteLength)).release();
    await expect(files.keep(once(randomBytes(12 * 1_048_576)), 10 * 1_048_576)).rejects.toThrow(TooManyBytes);
    expect(await keysIn('large')).toEqual([`files/${held.hash}`]);
    expect([await partsIn('large'), readdirSync(join(directory, 'spool'))]).toEqual([[], []]);
  });

  it('a collection lists over pages and keeps collections apart', async () => {
    const store = world();
    const files = await fresh(store, 'pages');
    const { cardPictures } = await places(store, 'pages');
    (await cardPictures.keep(once(Buffer.from('a picture')), 99)).release();
    const wanted = await Promise.all(Array.from({ length: 30 }, async (_, i) => (await files.keep(once(Buffer.from(`file ${i}`)), 99)).hash));
    const listed: string[] = [];
    for await (const hash of files.hashes()) listed.push(hash);
    expect(listed.sort()).toEqual(wanted.sort());
  });

  it('uploads in parts that nobody goes on with are given up after a day', async () => {
    const files = await fresh(world(), 'left');
    await seaweed.client.send(new CreateMultipartUploadCommand({ Bucket: 'left', Key: `files/${'a'.repeat(64)}` }));
    await files.sweep!(Date.now());
    expect(await partsIn('left')).toHaveLength(1);
    await files.sweep!(Date.now() + 2 * 86_400_000);
    expect(await partsIn('left')).toEqual([]);
  });

  it('a wrong bucket or key is refused at boot, and neither keys nor bytes are logged', async () => {
    await expect(openFiles(placeOf('nobodys-bucket'), { store: world(), logger: silentLogger })).rejects.toThrow('PARLEY_FILES: the bucket nobodys-bucket answers 404');
    const secret = process.env['AWS_SECRET_ACCESS_KEY'];
    process.env['AWS_SECRET_ACCESS_KEY'] = 'wrong-secret';
    try {
      await expect(openFiles(placeOf('ready'), { store: world(), logger: silentLogger })).rejects.toThrow('the credentials may not use it');
    } finally {
      process.env['AWS_SECRET_ACCESS_KEY'] = secret;
    }
  });

  it('a store that is away, slow, or full is an error of the wire, and nothing is lost when it is back', async () => {
    const lines: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (fields, message) => void lines.push(JSON.stringify(fields) + message), child: () => logger };
    let status = 503;
    const double: Server = createServer((request, response) => {
      request.resume();
      request.on('end', () => response.writeHead(status, { 'content-type': 'application/xml' }).end(status === 200 ? '' : '<Error><Code>SlowDown</Code><Message>parley-tests-secret</Message></Error>'));
    });
    await new Promise<void>((resolve) => double.listen(0, '127.0.0.1', resolve));
    try {
      const { files } = await openFiles(placeOf('any-bucket', `http://127.0.0.1:${(double.address() as AddressInfo).port}`), { store: world(), logger });
      await expect(files.keep(once(Buffer.from('x')), 9)).rejects.toMatchObject({ code: 'unavailable', extra: { retry_after_ms: 2_000 } });
      status = 507;
      await expect(files.keep(once(Buffer.from('x')), 9)).rejects.toMatchObject({ code: 'storage_full' });
      expect(lines.length).toBeGreaterThan(1);
      expect(lines.join()).not.toContain('secret');
    } finally {
      double.closeAllConnections();
      await new Promise((resolve) => double.close(resolve));
    }
    const gone = await openFiles(placeOf('ready', 'http://127.0.0.1:9'), { store: world(), logger });
    await expect(gone.files.size('a'.repeat(64))).rejects.toMatchObject({ code: 'unavailable' });
  });
});
