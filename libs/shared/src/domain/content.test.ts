import { describe, expect, it } from 'vitest';
import { contentDepth, contentProblem, maskCode } from './content.ts';

describe('content', () => {
  it('refuses what is empty or nests deeper than 20', () => {
    expect(contentProblem(' \n')).toBe('no text');
    expect(contentProblem('a\u0000b')).toMatch(/NUL/);
    for (const deep of ['> '.repeat(21) + 'x', '>'.repeat(5000), '- '.repeat(30) + 'x', '['.repeat(21) + 'x' + ']'.repeat(21) + '(u)', '*a _b '.repeat(11) + 'x' + ' b_ a*'.repeat(11), '*'.repeat(60) + 'x' + '*'.repeat(60)]) {
      expect(contentProblem(deep), deep).toMatch(/nested/);
    }
  });

  it('takes what nests up to 20, and marks that nest nothing', () => {
    for (const fine of ['> '.repeat(20) + 'x', '[a](b) '.repeat(200), '*a* **b** ~~c~~ _d_ '.repeat(100), '*'.repeat(80), '- '.repeat(40), '---', 'a[0][1][2]', '*note '.repeat(60), '`' + '['.repeat(50) + ']'.repeat(50) + '`', '[[[[[', 'snake_case_name '.repeat(50), ('> > > x\n\n').repeat(60)]) {
      expect(contentProblem(fine), fine).toBeNull();
    }
  });

  it('adds blocks and what stands in them', () => {
    expect(contentDepth('> - **a [b](c)**')).toBe(4);
    expect(contentProblem('> '.repeat(15) + '*a _b '.repeat(3) + 'x' + ' b_ a*'.repeat(3))).toMatch(/nested/);
  });

  it('keeps positions when it masks code', () => {
    expect(maskCode('a `b` c')).toBe('a     c');
    expect(maskCode('```js\nx\n```\ny')).toBe('     \n \n   \ny');
  });

  it('ends over hostile text, which a quadratic reader would not within the time-out', { timeout: 10_000 }, () => {
    for (const part of ['[', ']', '*a ', 'a* ', '_*~', '[*', '`[']) expect(contentDepth(part.repeat(200_000 / part.length))).toBeGreaterThanOrEqual(0);
  });
});
