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
import { filesContract } from '../files.contract.ts';
import { openFiles } from '../open-files.ts';
import { type Files, TooManyBytes } from '../port.ts';
import { sharedFilesContract } from '../shared-files.contract.ts';
import { hasSeaweed, type Seaweed, startSeaweed, TEST_KEYS } from './testing.seaweed.ts';

const directory = mkdtempSync(join(tmpdir(), 'parley-s3-files-'));
const before = { ...process.env };
let seaweed: Seaweed;
let buckets = 0;

const world = (): Store => openMemoryStore({ clock: systemClock, random: systemRandom });
const placeOf = (bucket: string, endpoint = seaweed.endpoint) => ({ dataDirectory: directory, filesPlace: { kind: 's3', bucket, endpoint, region: 'us-east-1' } as const });
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

  const fresh = async (store: Store, name = `parley-${++buckets}`, logger: Logger = silentLogger): Promise<Files> => {
    await seaweed.bucket(name).catch(() => undefined);
    return openFiles(placeOf(name), 'files', { store, logger });
  };
  const keysIn = async (bucket: string): Promise<string[]> => ((await seaweed.client.send(new ListObjectsV2Command({ Bucket: bucket }))).Contents ?? []).map(({ Key }) => String(Key));
  const partsIn = async (bucket: string) => (await seaweed.client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads ?? [];

  filesContract('s3', () => fresh(world()));
  sharedFilesContract('s3', () => {
    const name = `parley-${++buckets}`;
    return { store: world(), open: (store) => fresh(store, name) };
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
    const pictures = await openFiles(placeOf('pages'), 'card-pictures', { store, logger: silentLogger });
    (await pictures.keep(once(Buffer.from('a picture')), 99)).release();
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
    await expect(openFiles(placeOf('nobodys-bucket'), 'files', { store: world(), logger: silentLogger })).rejects.toThrow('PARLEY_FILES: the bucket nobodys-bucket answers 404');
    const secret = process.env['AWS_SECRET_ACCESS_KEY'];
    process.env['AWS_SECRET_ACCESS_KEY'] = 'wrong-secret';
    try {
      await expect(openFiles(placeOf('ready'), 'files', { store: world(), logger: silentLogger })).rejects.toThrow('the credentials may not use it');
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
      const files = await openFiles(placeOf('any-bucket', `http://127.0.0.1:${(double.address() as AddressInfo).port}`), 'files', { store: world(), logger });
      await expect(files.keep(once(Buffer.from('x')), 9)).rejects.toMatchObject({ code: 'unavailable', extra: { retry_after_ms: 2_000 } });
      status = 507;
      await expect(files.keep(once(Buffer.from('x')), 9)).rejects.toMatchObject({ code: 'storage_full' });
      expect(lines.length).toBeGreaterThan(1);
      expect(lines.join()).not.toContain('secret');
    } finally {
      double.closeAllConnections();
      await new Promise((resolve) => double.close(resolve));
    }
    const gone = await openFiles(placeOf('ready', 'http://127.0.0.1:9'), 'files', { store: world(), logger });
    await expect(gone.size('a'.repeat(64))).rejects.toMatchObject({ code: 'unavailable' });
  });
});
