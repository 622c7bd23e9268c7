import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const source = fileURLToPath(new URL('..', import.meta.url));
const MAY_HAVE_COLOURS = new Set(['tokens.css', 'avatar-grounds.css']);

function* sheets(folder: string): Generator<string> {
  for (const name of readdirSync(folder)) {
    const path = `${folder}${name}`;
    if (statSync(path).isDirectory()) yield* sheets(`${path}/`);
    else if (name.endsWith('.css')) yield path;
  }
}

it('STK-3 colours stand in the tokens only, and directions are logical', () => {
  const wrong: string[] = [];
  for (const path of sheets(source)) {
    const name = path.split('/').pop()!;
    const css = readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
    // Shades of black in a shadow or a mask are no colours of the palette.
    if (!MAY_HAVE_COLOURS.has(name)) for (const [colour] of css.matchAll(/#(?!000\b)[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl)a?\((?!0 0 0)[^)]*\)/g)) wrong.push(`${name}: ${colour}`);
    for (const [, property] of css.matchAll(/[{;]\s*((?:margin|padding|border)-(?:left|right)|left|right|text-align:\s*(?:left|right))\s*[:;]/g)) wrong.push(`${name}: ${property}`);
  }
  expect(wrong).toEqual([]);
});
