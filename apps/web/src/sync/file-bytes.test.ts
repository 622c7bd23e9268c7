import { describe, expect, it } from 'vitest';
import { FileBytes, PART_BYTES } from './file-bytes.ts';
import { MemoryStore } from './memory-store.ts';

const keyFor = (): Promise<CryptoKey> => crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
const bytesOf = (length: number): Uint8Array<ArrayBuffer> => Uint8Array.from({ length }, (_, i) => (i * 7) % 251);
const read = async (blob: Blob | null): Promise<Uint8Array> => new Uint8Array(await blob!.arrayBuffer());

describe('kept bytes', () => {
  it('CMP-9 gives back any stretch of what it keeps, across parts', async () => {
    const bytes = new FileBytes(new MemoryStore(), await keyFor());
    const whole = bytesOf(2 * PART_BYTES + 1_000);
    expect(await bytes.keep('a', new Blob([whole], { type: 'image/png' }))).toBe(true);
    expect(await bytes.sizeOf('a')).toBe(whole.length);
    for (const [from, to] of [[0, 10], [PART_BYTES - 5, PART_BYTES + 5], [PART_BYTES, 2 * PART_BYTES], [2 * PART_BYTES - 1, whole.length + 50]] as const) expect(Buffer.compare(await read(await bytes.slice('a', from, to)), whole.subarray(from, to)), `${from}`).toBe(0);
    expect((await bytes.slice('a', 0, 5))!.type).toBe('image/png');
  }, 20_000);
  it('CMP-9 keeps up to its limit, and nothing of what is beyond', async () => {
    const store = new MemoryStore();
    const bytes = new FileBytes(store, null, 1_000);
    expect(await bytes.keep('a', new Blob([bytesOf(600)]))).toBe(true);
    expect(await bytes.keep('b', new Blob([bytesOf(600)]))).toBe(false);
    expect(await bytes.keep('a', new Blob([bytesOf(900)]))).toBe(true);
    expect(await store.range('parts', '', '\uffff')).toHaveLength(1);
    await bytes.drop(['a']);
    expect(await bytes.keep('b', new Blob([bytesOf(600)]))).toBe(true);
  });
  it('CMP-9 forgets all but what is still needed, broken pieces too', async () => {
    const store = new MemoryStore();
    const bytes = new FileBytes(store, await keyFor());
    for (const id of ['a', 'b', 'c']) await bytes.keep(id, new Blob([bytesOf(10)]));
    await store.write([{ collection: 'parts', key: 'bb/000000000000', value: new ArrayBuffer(3) }]);
    await bytes.retain(['b']);
    expect((await store.range('parts', '', '\uffff')).map((row) => row.key)).toEqual(['b/000000000000']);
    expect((await store.range('kept', '', '\uffff')).map((row) => row.key)).toEqual(['b']);
    await bytes.retain([]);
    expect(await store.range('parts', '', '\uffff')).toEqual([]);
  });
  it('TAB4 files cannot be read without the account\'s key', async () => {
    const store = new MemoryStore();
    await new FileBytes(store, await keyFor()).keep('a', new Blob(['a secret text']));
    const [row] = await store.range('parts', '', '\uffff');
    expect(Buffer.from((row!.value as { data: ArrayBuffer }).data).toString()).not.toContain('secret');
    expect(await new FileBytes(store, await keyFor()).slice('a', 0, 5)).toBeNull();
    expect(await new FileBytes(store, null).slice('a', 0, 5)).toBeNull();
  });
});
