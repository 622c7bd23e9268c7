import { expect, it } from 'vitest';
import { check, compare, rulesOf, testedIn } from './spec-check.mjs';

it('finds rules and the tests that name them', () => {
  expect(rulesOf('- **AB1** one\n- **AB2** two\ntext **AB3**')).toEqual(['AB1', 'AB2']);
  expect(testedIn("it('AB1 shows', () => {});\n  it.each([1, 2])(`AB2 ${x}`, f);\nit('others')")).toEqual(['AB1', 'AB2']);
  expect(compare(['AB1', 'AB2', 'AB2'], ['AB1', 'AB9'])).toEqual({ untested: ['AB2', 'AB2'], unknown: ['AB9'], twice: ['AB2'] });
});

it('every rule of the sync engine has a test', () => {
  expect(check()).toEqual([]);
});
