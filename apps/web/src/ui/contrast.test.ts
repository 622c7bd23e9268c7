import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');

/** The four palettes: selector → custom properties, as far as they are plain colours. */
const palettes = new Map(
  [...css.matchAll(/([^{}]+)\{([^}]*)\}/g)].map(([, selector, body]) => [
    selector!.trim().replace(/^:root,/, ''),
    new Map([...body!.matchAll(/--([\w-]+):(#[0-9A-Fa-f]{6})/g)].map(([, name, value]) => [name!, value!])),
  ]),
);

function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = parseInt(colour.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}
const contrast = (a: string, b: string): number => {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high! + 0.05) / (low! + 0.05);
};

const SHEET = ['main', 'raised', 'sunken', 'hover'];
const SIDE = ['side', 'side-hover'];
const ROWS = ['mention-row', 'flash'];
/** What stands on what, and how much it takes. */
const PAIRS: readonly [text: string, grounds: readonly string[], least: number][] = [
  ['text-1', [...SHEET, ...SIDE, ...ROWS, 'active'], 7],
  ['text-2', [...SHEET, ...SIDE, ...ROWS], 4.5],
  ['text-3', [...SHEET, ...SIDE, ...ROWS], 4.5],
  ['link', [...SHEET, ...ROWS], 4.5],
  ['accent', ['main', 'raised', 'sunken'], 4.5],
  ['danger', ['main', 'raised', 'sunken', 'hover'], 4.5],
  ['new', ['main', 'raised'], 4.5],
  ['on-rail', ['rail', 'rail-hover'], 4.5],
  ['on-rail-strong', ['rail', 'rail-hover'], 4.5],
  ['on-rail-badge', ['rail-badge'], 4.5],
  ['on-side-selected', ['side-selected'], 4.5],
  ['on-accent', ['accent', 'accent-hover'], 4.5],
  ['on-accent-soft', ['accent-soft'], 4.5],
  ['on-mention', ['mention'], 4.5],
  ['on-mention-me', ['mention-me'], 4.5],
  ['on-badge', ['badge'], 4.5],
  ['on-badge-quiet', ['badge-quiet'], 4.5],
  ['on-find', ['find'], 4.5],
  ['on-danger', ['danger'], 4.5],
  ['on-danger-soft', ['danger-soft'], 4.5],
  ['on-warn-soft', ['warn-soft'], 4.5],
  ['on-ok-soft', ['ok-soft'], 4.5],
  ['on-info-soft', ['info-soft'], 4.5],
  ['on-code', ['code'], 4.5],
  ['code-inline', ['code', 'main'], 4.5],
  ...['comment', 'keyword', 'string', 'number', 'func', 'type', 'del', 'ins'].map((name): [string, string[], number] => [`syn-${name}`, ['code'], 4.5]),
  ['line-2', ['main', 'raised', 'sunken'], 3],
  ['focus', ['main', 'raised', 'sunken', ...SIDE], 3],
  ...['online', 'away', 'dnd', 'offline'].map((name): [string, string[], number] => [name, ['main', 'raised', ...SIDE], 3]),
  ['mention-row-line', ['mention-row', 'main'], 3],
];

describe('VIS-2 contrast', () => {
  it('VIS-2 reads four palettes with the same names', () => {
    expect([...palettes.keys()]).toEqual(['[data-theme=light]', '[data-theme=dark]', '[data-theme=light][data-contrast=high]', '[data-theme=dark][data-contrast=high]']);
    const names = [...palettes.values()].map((palette) => [...palette.keys()].sort());
    for (const list of names) expect(list).toEqual(names[0]);
  });

  for (const [theme, palette] of palettes) {
    it(`VIS-2 every pair of ${theme} has the contrast it needs`, () => {
      const weak = PAIRS.flatMap(([text, grounds, least]) => grounds.map((ground) => ({ pair: `${text} on ${ground}`, is: contrast(palette.get(text)!, palette.get(ground)!), least }))).filter((pair) => pair.is < pair.least);
      expect(weak).toEqual([]);
    });
  }

  it('VIS-7 white is readable on every ground of generated pictures', () => {
    const grounds = [...readFileSync(new URL('./avatar-grounds.css', import.meta.url), 'utf8').matchAll(/--ground-\d+:(#[0-9A-F]{6})/g)].map((match) => match[1]!);
    expect(grounds).toHaveLength(12);
    for (const ground of grounds) expect(contrast('#FFFFFF', ground)).toBeGreaterThanOrEqual(4.8);
  });
});
