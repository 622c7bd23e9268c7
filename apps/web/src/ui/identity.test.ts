import { describe, expect, it } from 'vitest';
import { groundOf, GROUNDS, initialsOf } from './identity.ts';

describe('VIS-7 generated pictures', () => {
  it('VIS-7 two initials by grapheme, one character of CJK', () => {
    expect(initialsOf('Amara Okafor')).toBe('AO');
    expect(initialsOf('amara maria okafor')).toBe('AO');
    expect(initialsOf('e\u0301mile')).toBe('E\u0301'.normalize('NFD'));
    expect(initialsOf('田中 太郎')).toBe('田');
    expect(initialsOf('tom.lindqvist')).toBe('TL');
    expect(initialsOf('  ')).toBe('?');
  });
  it('VIS-7 the ground comes from the id and uses all twelve', () => {
    expect(groundOf('a')).toBe(groundOf('a'));
    expect(new Set(Array.from({ length: 500 }, (_, n) => groundOf(`id-${n}`))).size).toBe(GROUNDS);
  });
});
