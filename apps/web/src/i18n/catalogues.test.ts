import { dirname, resolve } from 'node:path';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse, TYPE, type MessageFormatElement } from '@formatjs/icu-messageformat-parser';
import { describe, expect, it } from 'vitest';

const here = fileURLToPath(new URL('.', import.meta.url));
const source = fileURLToPath(new URL('..', import.meta.url));

function read(language: string): Record<string, string> {
  const all: Record<string, string> = {};
  for (const file of readdirSync(`${here}${language}`)) {
    for (const [key, text] of Object.entries(JSON.parse(readFileSync(`${here}${language}/${file}`, 'utf8')) as Record<string, string>)) {
      expect(all[key], `${key} is in two catalogues`).toBeUndefined();
      all[key] = text;
    }
  }
  return all;
}

function* files(folder: string): Generator<string> {
  for (const name of readdirSync(folder)) {
    const path = `${folder}${name}`;
    if (statSync(path).isDirectory()) yield* files(`${path}/`);
    else if (/\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name)) yield path;
  }
}

/** Names of arguments and tags, which every language must share. */
function slots(elements: MessageFormatElement[], found = new Set<string>()): Set<string> {
  for (const element of elements) {
    if (element.type === TYPE.literal || element.type === TYPE.pound) continue;
    found.add(element.value);
    if (element.type === TYPE.plural || element.type === TYPE.select) for (const option of Object.values(element.options)) slots(option.value, found);
    if (element.type === TYPE.tag) slots(element.children, found);
  }
  return found;
}

describe('I18-1 catalogues', () => {
  const english = read('en');
  const german = read('de');

  it('I18-1 German has every message of English, with the same arguments', () => {
    expect(Object.keys(german).sort()).toEqual(Object.keys(english).sort());
    for (const key of Object.keys(english)) expect([...slots(parse(german[key]!))].sort(), key).toEqual([...slots(parse(english[key]!))].sort());
  });

  it('I18-1 every message is used, or belongs to a family that is built from a known set', () => {
    const code = [...files(source)].map((path) => readFileSync(path, 'utf8')).join('\n');
    // A family is asked for with a template, such as `import.count.${kind}`.
    const families = [...code.matchAll(/[`]([a-z][a-z_.]*)\$\{/g)].map((match) => match[1]!);
    const unused = Object.keys(english).filter((key) => !code.includes(`'${key}'`) && !code.includes(`"${key}"`) && !families.some((family) => key.startsWith(family)));
    expect(unused).toEqual([]);
  });

  it('I18-1 plain texts have typographic apostrophes: a straight one is syntax, which those are not parsed for', () => {
    for (const language of ['en', 'de']) expect(Object.entries(read(language)).filter(([, text]) => /^[^{<]*'[^{<]*$/.test(text)), language).toEqual([]);
  });

  it('BUD-4 what stands before the app needs no words of its scenes', () => {
    const late = Object.keys(read('en')).filter((key) => Object.hasOwn(JSON.parse(readFileSync(`${here}en/scenes.json`, 'utf8')) as object, key));
    const seen = new Set<string>();
    const walk = (path: string): void => {
      if (seen.has(path)) return;
      seen.add(path);
      for (const [, target] of readFileSync(path, 'utf8').matchAll(/from '(\.[^']+\.tsx?)';/g)) walk(resolve(dirname(path), target!));
    };
    for (const name of readdirSync(`${source}scenes/entry`)) if (name.endsWith('-scene.tsx')) walk(`${source}scenes/entry/${name}`);
    const code = [...seen].map((path) => readFileSync(path, 'utf8')).join('\n');
    expect(late.filter((key) => code.includes(`'${key}'`))).toEqual([]);
  });

  it('BUD-4 what the first paint says is in the first catalogues', () => {
    const late = ['entry', 'scenes'].flatMap((part) => Object.keys(JSON.parse(readFileSync(`${here}en/${part}.json`, 'utf8')) as object));
    const seen = new Set<string>();
    const walk = (path: string): void => {
      if (seen.has(path)) return;
      seen.add(path);
      const code = readFileSync(path, 'utf8');
      for (const [, target] of code.matchAll(/^(?:import|export) (?!type )[^;]*? from '(\.[^']+\.tsx?)';/gm)) walk(resolve(dirname(path), target!));
    };
    walk(`${source}main.tsx`);
    expect(seen.size).toBeGreaterThan(50);
    const code = [...seen].map((path) => readFileSync(path, 'utf8')).join('\n');
    expect(late.filter((key) => code.includes(`'${key}'`))).toEqual([]);
  });
});
