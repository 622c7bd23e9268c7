import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { File } from '@parley/shared/protocol/entities';
import { FileWorld, idOf } from '../../testing/file-world.ts';
import { plainName } from './file-name.ts';
import { kindOf } from './file-kind.ts';
import { disposition, rangeOf } from './serve.ts';
import { LIMITS } from '@parley/shared/protocol/limits';

let at: FileWorld;
let file: File;
let upload: string;
beforeAll(async () => {
  at = await FileWorld.open({ config: { fileQuotaBytes: 1_000_000_000 } });
  file = await at.upload(at.talk.alice, 'a.txt', '0123456789');
  upload = idOf(await at.begin(at.talk.alice, 1_000));
});
afterAll(async () => {
  expect(at.world.failures).toEqual([]);
  await at.close();
});

/** What a header may hold on the wire. */
const header = fc.oneof(
  fc.string({ maxLength: 60, unit: fc.integer({ min: 0x20, max: 0x7e }).map((c) => String.fromCharCode(c)) }),
  fc.constantFrom('bytes=0-', 'bytes=-1', 'bytes=99999999999999999999-', 'bytes=0-0,5-5', '*', '"', '-1', '0', '1000', '1e9', 'NaN', '0x10', 'application/offset+octet-stream', 'image/png', 'filename', 'filename ==', 'filename Zg==,filename Zg==', '__proto__ Zg==', 'identity', 'chunked'),
);
const names = ['range', 'if-range', 'if-none-match', 'content-type', 'upload-length', 'upload-offset', 'upload-metadata', 'upload-defer-length', 'upload-concat', 'tus-resumable', 'x-http-method-override', 'idempotency-key', 'origin'];
const headers = fc.dictionary(fc.constantFrom(...names), header, { maxKeys: 5 });

it('whatever is asked of files, with whatever headers and bytes, is no fault of the server', async () => {
  await fc.assert(fc.asyncProperty(
    fc.constantFrom('GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS', 'PUT'),
    fc.oneof(fc.constantFrom(`files/${file.id}`, `files/${file.id}/thumb`, `files/${file.id}/info`, 'files?name=x', 'files', `files/${upload}`, 'files/', 'files/x', 'files/%00', 'files/..%2f..', 'files/a/b/c'), fc.string({ maxLength: 20 }).map((s) => `files/${encodeURIComponent(s.replace(/\p{Surrogate}/gu, ''))}`)),
    headers, fc.boolean(), fc.uint8Array({ maxLength: 60 }),
    async (method, path, extra, tus, body) => {
      // The library would take another method in a header of its own.
      const answer = await at.ask(at.talk.alice, method, path, { ...extra, ...(tus && { 'tus-resumable': '1.0.0' }) }, method === 'GET' || method === 'HEAD' ? undefined : body);
      expect(answer.status, `${method} ${path} ${JSON.stringify(extra)} ${answer.bytes.toString().slice(0, 200)}`).toBeLessThan(500);
    },
  ), { numRuns: 300 });
});

it('a range lies within the bytes, or is none', () => {
  fc.assert(fc.property(fc.oneof(header, fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `bytes=${a}-${b}`), fc.nat().map((n) => `bytes=-${n}`)), fc.nat({ max: 1_000 }), (text, size) => {
    const range = rangeOf(text, size);
    if (typeof range === 'string') return;
    expect(range.start).toBeGreaterThanOrEqual(0);
    expect(range.start).toBeLessThanOrEqual(range.end);
    expect(range.end).toBeLessThan(size);
  }));
});

it('a name of any kind becomes one that can be shown, saved and put into a header', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (given) => {
    const name = plainName(given);
    expect(name.length).toBeGreaterThan(0);
    expect(name.length).toBeLessThanOrEqual(LIMITS.file_name_characters);
    expect(name).not.toMatch(/[/\\\p{Cc}\p{Surrogate}\u202e]/u);
    expect(plainName(name)).toBe(name);
    expect(disposition('attachment', name)).toMatch(/^attachment; filename="[\x20-\x21\x23-\x5b\x5d-\x7e]*"; filename\*=UTF-8''[A-Za-z0-9%!.~_-]+$/);
  }));
});

it('bytes of any kind have a type that is one', async () => {
  await fc.assert(fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...['PK\x03\x04', 'GIF89a', '<?xml version="1.0"?><svg', '%PDF-1.7', 'RIFF____WEBP', '\x89PNG\r\n\x1a\n', '\xff\xd8\xff', '\x00\x00\x00\x18ftypavif', 'OggS', 'ID3'].map((s) => Buffer.from(s, 'latin1')))), header, async (bytes, declared) => {
    const kind = await kindOf(bytes, declared).catch((error: unknown) => error);
    if (kind instanceof Error) expect(kind).toMatchObject({ code: 'unsupported_media_type' });
    else expect(kind).toMatchObject({ mime: expect.stringMatching(/^[a-z0-9.+!#$&^_-]+\/[a-z0-9.+!#$&^_-]+$/) as string });
  }), { numRuns: 300 });
});
