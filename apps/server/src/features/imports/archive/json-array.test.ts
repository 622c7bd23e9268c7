import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonArray, type Element } from './json-array.ts';

async function* chunked(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function all(text: string, sizes: readonly number[] = [7], most?: number): Promise<Element[]> {
  const found: Element[] = [];
  for await (const batch of jsonArray(chunked(Buffer.from(text), sizes), 'f.json', most)) found.push(...batch);
  return found;
}

test('finds every element whole, however the bytes are cut, with its line', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.jsonValue(), { maxLength: 8 }), fc.constantFrom(0, 1, 2), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }), async (values, indent, sizes) => {
    const text = JSON.stringify(values, null, indent);
    const found = await all(text, sizes);
    expect(found.map((e) => e.value)).toEqual(JSON.parse(text));
    if (indent > 0) for (const [i, { line }] of found.entries()) expect(text.split('\n').slice(line - 1).join('\n').trimStart().startsWith(JSON.stringify(values[i], null, indent).split('\n')[0]!.slice(0, 1))).toBe(true);
  }), { numRuns: 500 });
});

test('a byte order mark and blanks around it are no matter', async () => {
  expect(await all('\ufeff \n[ 1 , "]" ,\n{"a":"[\\"x"} ]\n ')).toEqual([{ value: 1, line: 2 }, { value: ']', line: 2 }, { value: { a: '["x' }, line: 3 }]);
  expect(await all('[]')).toEqual([]);
});

test.each([
  ['', 'f.json:1: is empty'], ['{}', 'f.json:1: is not a JSON array'], ['[1,]', 'f.json:1: is not JSON: unexpected "]"'], ['[{} {}]', 'f.json:1: is not JSON: unexpected "{" between two elements'],
  ['[\n{"a":\n tru}]', 'f.json:3: is not JSON: unexpected "t"'], ['[{"a": 1}\n', 'f.json:2: ends in the middle'], ['["x', 'f.json:1: ends in the middle'], ['[1]\n2', 'f.json:2: is not JSON: unexpected "2" after the end'],
])('%j fails by file and line', (text, message) => expect(all(text)).rejects.toThrow(message));

test('an element that is too large, or no UTF-8, is refused', async () => {
  await expect(all(`["${'x'.repeat(500)}"]`, [50], 100)).rejects.toThrow('f.json:1: has an element of more than 100 bytes');
  const bad = Buffer.concat([Buffer.from('[\n"'), Buffer.from([0xff]), Buffer.from('"]')]);
  await expect(jsonArray(chunked(bad, [4]), 'f.json').next()).rejects.toThrow('f.json:2: is not UTF-8 text');
});
