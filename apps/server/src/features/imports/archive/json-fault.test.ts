import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonFault } from './json-fault.ts';

test.each([
  ['{"a": }', 6, 'unexpected "}"'], ['{"a": 1,}', 8, 'unexpected "}"'], ['{"a" 1}', 5, 'unexpected "1"'], ['{a: 1}', 1, 'unexpected "a"'], ['[1, 2', 5, 'it ends in the middle'], ['["x\ny"]', 1, 'a text is not closed, or holds what it may not'],
  ['[01]', 1, 'unexpected "0"'], ['nul', 0, 'unexpected "n"'], ['{"a": "x"] ', 9, 'unexpected "]"'], ['[tru]', 1, 'unexpected "t"'],
])('%j', (text, position, what) => expect(jsonFault(text)).toEqual({ position, what }));

test('finds a fault in whatever the engine refuses, at a place within the text', () => {
  fc.assert(fc.property(fc.json(), fc.nat(), fc.constantFrom('', '}', ',', '"', '\\', 'x', ':'), (json, at, put) => {
    const cut = at % (json.length + 1);
    const text = json.slice(0, cut) + put + json.slice(cut + 1);
    try {
      JSON.parse(text);
    } catch {
      const { position } = jsonFault(text);
      expect(position).toBeLessThanOrEqual(text.length);
      // Everything before the fault is the beginning of some JSON, so it is not itself refused earlier.
      expect(jsonFault(text.slice(0, position)).position).toBeLessThanOrEqual(position);
    }
  }), { numRuns: 2_000 });
});
