import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { File } from '@parley/shared/protocol/entities';
import { API_PREFIX } from '@parley/shared/protocol/version';
import { available } from '../../storage/faults/requirements.ts';
import { callServer, startServerProcess, type ServerProcess } from '../../testing/server-process.ts';

const person = { workspace_name: 'Acme', username: 'olivia', display_name: 'Olivia', email: 'olivia@example.org', password: 'long enough' };
const TUS = { 'tus-resumable': '1.0.0' };
const PATCH = { ...TUS, 'content-type': 'application/offset+octet-stream' };

let data: string;
let server: ServerProcess;
let token: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'parley-uploads-'));
});
afterEach(async () => {
  server.kill('SIGKILL');
  await server.ended;
});

async function start(directory: string): Promise<void> {
  server = await startServerProcess(directory);
}
async function setUp(directory: string): Promise<void> {
  await start(directory);
  ({ token } = (await callServer<{ token: string }>(server.url, 'POST', 'set_up', { body: person })).body);
}
const ask = (method: string, path: string, headers: Record<string, string> = {}, body?: Uint8Array<ArrayBuffer>) => fetch(`${server.url}${API_PREFIX}/${path}`, { method, headers: { authorization: `Bearer ${token}`, ...headers }, ...(body && { body }) });
const offsetOf = async (id: string) => Number((await ask('HEAD', `files/${id}`, TUS)).headers.get('upload-offset'));

async function begin(length: number): Promise<string> {
  const answer = await ask('POST', 'files', { ...TUS, 'upload-length': String(length), 'upload-metadata': `filename ${Buffer.from('big.bin').toString('base64')}` });
  expect(answer.status).toBe(201);
  return answer.headers.get('location')!.split('/').pop()!;
}

/** Sends as much as the server takes until it is gone. */
function sendUntilGone(id: string, offset: number, bytes: Buffer, kill: () => void): Promise<void> {
  return new Promise((resolve) => {
    const { port } = new URL(server.url);
    const request = httpRequest({ host: '127.0.0.1', port, method: 'PATCH', path: `${API_PREFIX}/files/${id}`, headers: { authorization: `Bearer ${token}`, ...PATCH, 'upload-offset': offset, 'content-length': bytes.length - offset } });
    let sent = offset;
    let killed = false;
    const more = (): void => {
      if (sent > bytes.length / 2 && !killed) {
        killed = true;
        kill();
      }
      if (sent >= bytes.length) return;
      const part = bytes.subarray(sent, sent + 65_536);
      sent += part.length;
      request.write(part, more);
    };
    request.on('error', () => resolve());
    request.on('close', () => resolve());
    more();
  });
}

describe('uploads', () => {
  it('one that kill -9 cut off goes on where it was, and what was answered is there', async () => {
    await setUp(data);
    const bytes = randomBytes(12_000_000);
    const id = await begin(bytes.length);
    expect((await ask('PATCH', `files/${id}`, { ...PATCH, 'upload-offset': '0' }, new Uint8Array(bytes.subarray(0, 1_000_000)))).status).toBe(204);
    await sendUntilGone(id, 1_000_000, bytes, () => server.kill('SIGKILL'));
    await server.ended;

    await start(data);
    const offset = await offsetOf(id);
    expect(offset).toBeGreaterThanOrEqual(1_000_000);
    expect(offset).toBeLessThan(bytes.length);
    expect((await ask('GET', `files/${id}/info`)).status).toBe(404);
    expect((await ask('PATCH', `files/${id}`, { ...PATCH, 'upload-offset': String(offset) }, new Uint8Array(bytes.subarray(offset)))).status).toBe(204);
    // The answer is the last thing the server did.
    server.kill('SIGKILL');
    await server.ended;

    await start(data);
    const file = (await (await ask('GET', `files/${id}/info`)).json()) as File;
    expect(file).toMatchObject({ id, name: 'big.bin', size: bytes.length });
    expect(Buffer.from(await (await ask('GET', `files/${id}`)).arrayBuffer()).equals(bytes)).toBe(true);
    expect(await offsetOf(id)).toBe(bytes.length);
    rmSync(data, { recursive: true });
  });
});

const mounts = (): boolean => available('mounting a tmpfs', 'unshare', ['-m', 'mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', '/mnt']);

describe.skipIf(!mounts())('a full disk', () => {
  it('refuses uploads with 507, keeps what it has, leaves nothing half, and goes on once there is room', async () => {
    const disk = join(data, 'disk');
    mkdirSync(disk);
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', disk]).status).toBe(0);
    try {
      await setUp(disk);
      const kept = (await (await ask('POST', 'files?name=kept', {}, new Uint8Array(randomBytes(1_000_000)))).json()) as File;
      const id = await begin(20_000_000);
      writeFileSync(join(disk, 'filler'), Buffer.alloc(33_000_000));
      const bytes = new Uint8Array(randomBytes(20_000_000));
      const whole = await ask('POST', 'files?name=large', {}, bytes);
      expect([whole.status, ((await whole.json()) as { code: string }).code]).toEqual([507, 'storage_full']);
      expect(readdirSync(join(disk, 'files', 'incoming'))).toEqual([]);
      const part = await ask('PATCH', `files/${id}`, { ...PATCH, 'upload-offset': '0' }, bytes);
      expect([part.status, ((await part.json()) as { code: string }).code]).toEqual([507, 'storage_full']);
      expect((await ask('GET', `files/${kept.id}`)).status).toBe(200);
      rmSync(join(disk, 'filler'));
      const offset = await offsetOf(id);
      expect((await ask('PATCH', `files/${id}`, { ...PATCH, 'upload-offset': String(offset) }, bytes.subarray(offset))).status).toBe(204);
      expect(((await (await ask('GET', `files/${id}/info`)).json()) as File).size).toBe(20_000_000);
    } finally {
      server.kill('SIGKILL');
      await server.ended;
      spawnSync('umount', ['-l', disk]);
      rmSync(data, { recursive: true });
    }
  });
});
