import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import sharp from 'sharp';
import { Upload } from 'tus-js-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ParleyError } from '@parley/shared/protocol/errors';
import { FileWorld, idOf } from '../../testing/file-world.ts';
import type { TestUser } from '../../testing/test-core.ts';

let at: FileWorld;
let alice: TestUser;
let bob: TestUser;
beforeEach(async () => {
  at = await FileWorld.open();
  ({ alice, bob } = at.talk);
});
afterEach(async () => {
  expect(at.world.failures).toEqual([]);
  await at.close();
});
const picture = (width = 900, height = 600) => sharp({ create: { width, height, channels: 3, background: '#2060c0' } });

describe('uploading in one request', () => {
  it('refuses nobody, no name, a channel one may not post in, and more than is allowed', async () => {
    const send = (person: TestUser | null, path: string, headers: Record<string, string> = {}, body: string | Uint8Array = 'x') => at.ask(person, 'POST', path, headers, body);
    expect((await send(null, 'files?name=a')).status).toBe(401);
    expect(await send(alice, 'files')).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
    const room = await at.talk.room('room', [bob], { is_private: true });
    expect(await send(alice, `files?name=a&channel_id=${room.id}`)).toMatchObject({ status: 404 });
    expect(await send(alice, 'files?name=a', {}, Buffer.alloc(1_000_001))).toMatchObject({ status: 413, json: { code: 'too_large' } });
    expect(await send(alice, 'files?name=a', { 'transfer-encoding': 'chunked' }, Buffer.alloc(1_000_001))).toMatchObject({ status: 413, json: { code: 'too_large' } });
    for (let n = 0; n < 3; n++) await at.upload(alice, 'big', randomBytes(999_000));
    expect(await send(alice, 'files?name=a', {}, Buffer.alloc(10_000))).toMatchObject({ status: 413, json: { code: 'quota_exceeded' } });
    expect(await send(alice, 'files?name=a', { 'transfer-encoding': 'chunked' }, Buffer.alloc(10_000))).toMatchObject({ status: 413, json: { code: 'quota_exceeded' } });
    expect((await send(bob, 'files?name=a', {}, Buffer.alloc(10_000))).status).toBe(201);
    expect(readdirSync(`${at.directory}/files/incoming`)).toEqual([]);
  });

  it('counts what is still on its way: many at once do not exceed the quota', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => at.ask(alice, 'POST', 'files?name=a', n % 2 ? { 'transfer-encoding': 'chunked' } : {}, randomBytes(990_000))));
    expect(answers.filter(({ status }) => status === 201).length).toBeLessThanOrEqual(3);
    expect(answers.filter(({ status }) => status === 201).length).toBeGreaterThan(0);
    for (const { status, json } of answers) if (status !== 201) expect(json).toMatchObject({ code: 'quota_exceeded' });
    expect((await at.ask(bob, 'POST', 'files?name=a', {}, randomBytes(990_000))).status).toBe(201);
    expect(readdirSync(`${at.directory}/files/incoming`)).toEqual([]);
  });

  it('answers the file, which its uploader reads and nobody else', async () => {
    const file = await at.upload(alice, 'notes.txt', 'hello');
    expect(file).toMatchObject({ name: 'notes.txt', size: 5, mime: 'text/plain' });
    expect((await at.ask(alice, 'GET', `files/${file.id}/info`)).json).toEqual(file);
    expect((await at.ask(alice, 'GET', `files/${file.id}`)).bytes.toString()).toBe('hello');
    for (const path of [`files/${file.id}`, `files/${file.id}/info`, `files/${file.id}/thumb`]) for (const person of [bob, at.talk.olivia]) expect((await at.ask(person, 'GET', path)).status).toBe(404);
    expect((await at.ask(null, 'GET', `files/${file.id}`)).status).toBe(401);
    expect((await at.ask(alice, 'GET', `files/${file.id}/thumb`)).status).toBe(404);
  });

  it('takes the type from the bytes, the word of the uploader only for what has no mark, and refuses a false picture', async () => {
    const png = await picture().png().toBuffer();
    const mime = async (type: string, body: string | Uint8Array) => (await at.ask(alice, 'POST', 'files?name=a', { 'content-type': type }, body)).json['mime'];
    expect(await mime('text/plain', png)).toBe('image/png');
    expect(await mime('image/jpeg', png)).toBe('image/png');
    expect(await mime('application/pdf', 'no pdf')).toBe('application/octet-stream');
    expect(await mime('text/plain', 'a\0b')).toBe('application/octet-stream');
    expect(await mime('text/csv; charset=utf-8', 'a,b')).toBe('text/csv');
    expect(await mime('nonsense', 'a')).toBe('application/octet-stream');
    for (const type of ['image/png', 'IMAGE/JPEG', 'image/heic']) expect(await at.ask(alice, 'POST', 'files?name=a.png', { 'content-type': type }, '<script>')).toMatchObject({ status: 415, json: { code: 'unsupported_media_type' } });
    expect(await at.ask(alice, 'POST', 'files?name=a.svg', { 'content-type': 'image/svg+xml' }, '<svg onload="alert(1)"/>')).toMatchObject({ status: 201, json: { mime: 'image/svg+xml' } });
  });

  it('keeps the same content once, and names as they read', async () => {
    const [one, two] = [await at.upload(alice, 'a.txt', 'same'), await at.upload(bob, '../../etc/pass\u202ewd', 'same')];
    expect([one.id === two.id, two.name]).toEqual([false, 'passwd']);
    const hash = createHash('sha256').update('same').digest('hex');
    expect(readdirSync(`${at.directory}/files/${hash.slice(0, 2)}`)).toEqual([hash]);
  });

  it('a body that breaks off leaves nothing and is no fault of the server', async () => {
    await new Promise<void>((resolve) => {
      const request = httpRequest({ host: '127.0.0.1', port: at.port, method: 'POST', path: '/api/v1/files?name=a', headers: { authorization: `Bearer ${alice.token}`, 'content-length': 100_000 } });
      request.on('error', () => resolve());
      request.write(Buffer.alloc(50_000), () => setImmediate(() => request.destroy()));
    });
    await expect.poll(() => readdirSync(`${at.directory}/files/incoming`)).toEqual([]);
    expect(readdirSync(`${at.directory}/files`)).toEqual(['incoming']);
  });
});

describe('pictures', () => {
  it('are made anew: upright, without the place they were taken at, with sizes known before they are sent', async () => {
    const input = await picture(3_000, 1_500).withExif({ IFD3: { GPSLatitude: '48/1 8/1 0/1' } }).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    const file = await at.upload(alice, 'photo.jpg', input, 'image/jpeg');
    expect(file).toMatchObject({ mime: 'image/jpeg', width: 1_500, height: 3_000, thumbhash: expect.stringMatching(/^[\w+/]+=*$/) as string });
    const whole = await at.ask(alice, 'GET', `files/${file.id}`);
    expect(whole).toMatchObject({ status: 200, headers: { 'content-type': 'image/jpeg', 'content-length': String(file.size) } });
    expect(whole.headers['content-disposition']).toMatch(/^inline;/);
    expect(await sharp(whole.bytes).metadata()).toMatchObject({ width: 1_500, height: 3_000 });
    expect((await sharp(whole.bytes).metadata()).exif).toBeUndefined();
    for (const [path, width, height] of [['thumb', 320, 640], ['large', 1_024, 2_048]] as const) {
      const answer = await at.ask(alice, 'GET', `files/${file.id}/${path}`);
      expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'image/webp' } });
      expect(await sharp(answer.bytes).metadata()).toMatchObject({ width, height });
    }
    expect((await at.ask(alice, 'GET', `files/${file.id}?download=true`)).headers['content-disposition']).toMatch(/^attachment;/);
    expect(existsSync(`${at.directory}/files/${createHash('sha256').update(input).digest('hex').slice(0, 2)}/${createHash('sha256').update(input).digest('hex')}`)).toBe(false);
  });

  it('of a kind that changes have a name that says so; an animation stays one', async () => {
    const still = await picture(30, 20).avif().toBuffer();
    expect(await at.upload(alice, 'holiday.avif', still, 'image/avif')).toMatchObject({ name: 'holiday.webp', mime: 'image/webp', width: 30, height: 20 });
    const frame = (shade: number) => Buffer.alloc(8 * 8 * 3, shade);
    const gif = await sharp(Buffer.concat([frame(0), frame(255)]), { raw: { width: 8, height: 16, channels: 3, pageHeight: 8 } }).gif({ delay: [50, 50] }).toBuffer();
    const file = await at.upload(alice, 'wave.gif', gif, 'image/gif');
    expect(file).toMatchObject({ name: 'wave.gif', mime: 'image/gif', width: 8, height: 8 });
    expect((await sharp((await at.ask(alice, 'GET', `files/${file.id}`)).bytes).metadata()).pages).toBe(2);
  });

  it('that are broken or drawn by a program are plain attachments', async () => {
    const png = await picture().png().toBuffer();
    for (const [body, type] of [[png.subarray(0, 300), 'image/png'], [Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'), 'image/svg+xml'], [Buffer.concat([png.subarray(0, 33), Buffer.alloc(500)]), 'image/png']] as const) {
      const file = await at.upload(alice, 'odd.png', body, type);
      expect([file.width, file.size]).toEqual([undefined, body.length]);
      const answer = await at.ask(alice, 'GET', `files/${file.id}`);
      expect(answer.headers['content-disposition']).toMatch(/^attachment;/);
      expect(answer.bytes.equals(body)).toBe(true);
      expect((await at.ask(alice, 'GET', `files/${file.id}/large`)).status).toBe(404);
    }
  });
});

describe('serving', () => {
  it('whatever a file is, it does nothing in a browser', async () => {
    const file = await at.upload(alice, 'Grüße "1"; 日本.html', '<script>alert(1)</script>', 'text/html');
    const { headers } = await at.ask(alice, 'GET', `files/${file.id}`);
    expect(headers).toMatchObject({
      'content-type': 'text/html', 'x-content-type-options': 'nosniff', 'content-security-policy': "sandbox; default-src 'none'", 'cross-origin-resource-policy': 'same-origin',
      'cache-control': expect.stringMatching(/^private, .*immutable/) as string, vary: 'authorization, cookie',
      'content-disposition': `attachment; filename="Gru_?_e _1_; __.html"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%221%22%3B%20%E6%97%A5%E6%9C%AC.html`.replace('u_?_e', 'u__e'),
    });
  });

  it('ranges: one part, the end, those outside, several, and only of the same bytes', async () => {
    const file = await at.upload(alice, 'digits', '0123456789');
    const get = (headers: Record<string, string>) => at.ask(alice, 'GET', `files/${file.id}`, headers);
    const { etag } = (await get({})).headers;
    expect(etag).toBe(`"${createHash('sha256').update('0123456789').digest('hex')}"`);
    const part = async (headers: Record<string, string>) => {
      const answer = await get(headers);
      return [answer.status, answer.headers['content-range'], answer.bytes.toString()];
    };
    expect(await part({ range: 'bytes=2-4' })).toEqual([206, 'bytes 2-4/10', '234']);
    expect(await part({ range: 'bytes=8-' })).toEqual([206, 'bytes 8-9/10', '89']);
    expect(await part({ range: 'bytes=-3' })).toEqual([206, 'bytes 7-9/10', '789']);
    expect(await part({ range: 'bytes=5-99' })).toEqual([206, 'bytes 5-9/10', '56789']);
    expect(await part({ range: 'bytes=10-' })).toEqual([416, 'bytes */10', '']);
    expect(await part({ range: 'bytes=-0' })).toEqual([416, 'bytes */10', '']);
    for (const range of ['bytes=0-1,3-4', 'bytes=4-2', 'lines=1-2', 'bytes=x', 'bytes=-']) expect(await part({ range })).toEqual([200, undefined, '0123456789']);
    expect(await part({ range: 'bytes=0-0', 'if-range': etag! })).toEqual([206, 'bytes 0-0/10', '0']);
    expect(await part({ range: 'bytes=0-0', 'if-range': '"other"' })).toEqual([200, undefined, '0123456789']);
    expect(await part({ range: 'bytes=0-0', 'if-range': `W/${etag!}` })).toEqual([200, undefined, '0123456789']);
    for (const tag of [etag!, `"x", W/${etag!}`, '*']) expect(await part({ 'if-none-match': tag })).toEqual([304, undefined, '']);
    const head = await at.ask(alice, 'HEAD', `files/${file.id}`);
    expect([head.status, head.headers['content-length'], head.bytes.length]).toEqual([200, '10', 0]);
    expect(await part({ range: 'bytes=0-0' })).toEqual([206, 'bytes 0-0/10', '0']);
    const empty = await at.upload(alice, 'empty', '');
    expect((await at.ask(alice, 'GET', `files/${empty.id}`, { range: 'bytes=0-' })).status).toBe(416);
  });

  it('reads no faster than the peer takes it, and closes the file when the peer goes away', async () => {
    const file = await at.upload(alice, 'big', randomBytes(1_000_000));
    const open = () => readdirSync('/proc/self/fd').length;
    const before = open();
    const socket = connect(at.port, '127.0.0.1');
    socket.write(`GET /api/v1/files/${file.id} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${alice.token}\r\n\r\n`);
    await new Promise((resolve) => socket.once('readable', resolve));
    socket.destroy();
    await expect.poll(open).toBeLessThanOrEqual(before);
  });
});

describe('uploading in parts', () => {
  const bytes = randomBytes(300_000);

  it('creates, goes on, and the id of the upload is that of the file', async () => {
    const created = await at.begin(alice, bytes.length, { filename: 'film.bin', filetype: 'application/x-film' });
    expect(created).toMatchObject({ status: 201, headers: { 'tus-resumable': '1.0.0', 'upload-expires': expect.stringContaining('GMT') as string } });
    const id = idOf(created);
    expect(created.headers.location).toBe(`/api/v1/files/${id}`);
    expect(created.headers['access-control-allow-origin']).toBeUndefined();
    expect((await at.ask(alice, 'GET', `files/${id}/info`)).status).toBe(404);
    expect(await at.patch(alice, id, 0, bytes.subarray(0, 100_000))).toMatchObject({ status: 204, headers: { 'upload-offset': '100000' } });
    expect(await at.head(alice, id)).toMatchObject({ status: 200, headers: { 'upload-offset': '100000', 'upload-length': '300000', 'cache-control': 'no-store' } });
    expect((await at.patch(alice, id, 0, bytes.subarray(0, 10))).status).toBe(409);
    expect((await at.patch(alice, id, 100_000, Buffer.alloc(300_000))).status).toBe(413);
    expect((await at.patch(alice, id, 100_000, bytes.subarray(100_000))).status).toBe(204);
    const info = await at.ask(alice, 'GET', `files/${id}/info`);
    expect(info.json).toMatchObject({ id, name: 'film.bin', size: 300_000, mime: 'application/x-film' });
    expect((await at.ask(alice, 'GET', `files/${id}`)).bytes.equals(bytes)).toBe(true);
    expect(readdirSync(`${at.directory}/uploads`)).toEqual([]);
    expect(await at.head(alice, id)).toMatchObject({ status: 200, headers: { 'upload-offset': '300000', 'upload-length': '300000' } });
    expect((await at.patch(alice, id, 300_000, '')).status).toBe(409);
  });

  it('belongs to its uploader: to everybody else it is not there', async () => {
    const id = idOf(await at.begin(alice, 10));
    for (const person of [bob, at.talk.olivia]) for (const answer of [await at.head(person, id), await at.patch(person, id, 0, 'xx'), await at.drop(person, id), await at.ask(person, 'GET', `files/${id}/info`)]) expect(answer.status).toBe(404);
    for (const answer of [await at.head(null, id), await at.patch(null, id, 0, 'xx'), await at.drop(null, id), await at.begin(null, 3)]) expect(answer.status).toBe(401);
    for (const other of ['nothing', '..%2f..%2fparley.db', '0190a000-0000-7000-8000-00000000dead']) expect((await at.head(alice, other)).status).toBe(404);
    expect((await at.head(alice, id)).headers['upload-offset']).toBe('0');
  });

  it('with a cookie it needs an allowed origin, as every unsafe call', async () => {
    const cookie = { cookie: `parley_session=${alice.token}` };
    expect((await at.begin(null, 3, {}, cookie)).status).toBe(403);
    expect((await at.begin(null, 3, {}, { ...cookie, origin: 'http://evil.example' })).status).toBe(403);
    expect((await at.begin(null, 3, {}, { ...cookie, origin: at.world.deps.config.url })).status).toBe(201);
  });

  it('refuses what is malformed, too large, over the quota or meant for where one may not post', async () => {
    const tus = { 'tus-resumable': '1.0.0' };
    for (const headers of [tus, { ...tus, 'upload-length': 'x' }, { ...tus, 'upload-length': '-1' }, { ...tus, 'upload-length': '1', 'upload-metadata': '!!! ,' }, { ...tus, 'upload-defer-length': '1' }]) expect((await at.ask(alice, 'POST', 'files', headers)).status).toBe(400);
    expect((await at.ask(alice, 'POST', 'files', { 'tus-resumable': '0.2', 'upload-length': '1' })).status).toBe(412);
    expect(await at.begin(alice, 1_000_001)).toMatchObject({ status: 413, json: { code: 'too_large' } });
    const room = await at.talk.room('room', [bob], { is_private: true });
    expect((await at.begin(alice, 3, { channel_id: room.id })).status).toBe(404);
    expect((await at.begin(alice, 3, { channel_id: 'x' })).status).toBe(400);
    const begun = [];
    for (let n = 0; n < 3; n++) begun.push(idOf(await at.begin(alice, 1_000_000)));
    expect(await at.begin(alice, 1)).toMatchObject({ status: 413, json: { code: 'quota_exceeded' } });
    expect((await at.drop(alice, begun[0]!)).status).toBe(204);
    expect((await at.head(alice, begun[0]!)).status).toBe(404);
    expect((await at.begin(alice, 1)).status).toBe(201);
    expect((await at.ask(alice, 'OPTIONS', 'files')).headers['tus-extension']).toBe('creation,creation-with-upload,termination,expiration');
  });

  it('a false picture is refused at its last byte and given up', async () => {
    const id = idOf(await at.begin(alice, 8, { filename: 'a.png', filetype: 'image/png' }));
    const answer = await at.patch(alice, id, 0, '<script>');
    expect(answer).toMatchObject({ status: 415, json: { code: 'unsupported_media_type' } });
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect((await at.head(alice, id)).status).toBe(404);
    expect(readdirSync(`${at.directory}/uploads`)).toEqual([]);
  });

  it('a picture in parts is made anew too; an upload of nothing, and one that comes with its creation, are files at once', async () => {
    const png = await picture().withExif({ IFD0: { Artist: 'me' } }).png().toBuffer();
    const whole = await at.begin(alice, png.length, { filename: 'a.png', filetype: 'image/png' });
    await at.patch(alice, idOf(whole), 0, png);
    expect((await at.ask(alice, 'GET', `files/${idOf(whole)}/info`)).json).toMatchObject({ mime: 'image/png', width: 900, height: 600 });
    expect(await at.head(alice, idOf(whole))).toMatchObject({ status: 200, headers: { 'upload-offset': String(png.length) } });
    const empty = await at.begin(alice, 0);
    expect((await at.ask(alice, 'GET', `files/${idOf(empty)}/info`)).json).toMatchObject({ size: 0, name: 'file' });
    const quick = await at.ask(alice, 'POST', 'files', { 'tus-resumable': '1.0.0', 'upload-length': 5, 'content-type': 'application/offset+octet-stream' }, 'quick');
    expect([quick.status, (await at.ask(alice, 'GET', `files/${idOf(quick)}/info`)).json['size']]).toEqual([201, 5]);
  });

  it('DELETE drops a finished file that no message carries, and gives its room back', async () => {
    for (let n = 0; n < 5; n++) {
      const file = await at.upload(alice, 'big', randomBytes(900_000));
      expect((await at.drop(alice, file.id)).status).toBe(204);
      expect((await at.ask(alice, 'GET', `files/${file.id}`)).status).toBe(404);
    }
  });

  it('the library that clients use uploads, is stopped, goes on where it was, and finds the file', async () => {
    const options = { endpoint: `http://127.0.0.1:${at.port}/api/v1/files`, headers: { authorization: `Bearer ${alice.token}` }, chunkSize: 50_000, retryDelays: null, metadata: { filename: 'größe.bin', filetype: 'application/x-film' } };
    const upload = (more: object): Promise<string> => new Promise((resolve, reject) => {
      const made: Upload = new Upload(bytes, {
        ...options, ...more, onError: reject, onSuccess: () => resolve(made.url!),
        onChunkComplete: (_size, accepted) => {
          if (!('uploadUrl' in more) && accepted >= 100_000) void made.abort().then(() => resolve(made.url!));
        },
      });
      made.start();
    });
    const url = await upload({});
    const id = url.split('/').pop()!;
    const offset = Number((await at.head(alice, id)).headers['upload-offset']);
    expect(offset).toBeGreaterThanOrEqual(100_000);
    expect(offset).toBeLessThan(bytes.length);
    expect(await upload({ uploadUrl: url })).toBe(url);
    expect((await at.ask(alice, 'GET', `files/${id}/info`)).json).toMatchObject({ id, name: 'größe.bin', size: bytes.length });
    // Once more, as one does who has not heard the end.
    expect(await upload({ uploadUrl: url })).toBe(url);
  });

  it('what the last answer was lost of, /info brings to its end', async () => {
    const id = idOf(await at.begin(alice, 5));
    const run = vi.spyOn(at.world.deps.store, 'run').mockRejectedValueOnce(new ParleyError('unavailable', 'the store is away'));
    expect((await at.patch(alice, id, 0, 'hello')).status).toBe(503);
    run.mockRestore();
    const [one, two] = await Promise.all([at.ask(alice, 'GET', `files/${id}/info`), at.ask(alice, 'GET', `files/${id}/info`)]);
    expect([one.json, one.json['size']]).toEqual([two.json, 5]);
  });
});
