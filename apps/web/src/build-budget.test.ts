import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

const KB = 1024;
const root = fileURLToPath(new URL('..', import.meta.url));
let out = '';
let manifest: Record<string, { file: string; css?: string[]; imports?: string[]; isEntry?: boolean }> = {};

const zipped = (file: string): number => gzipSync(readFileSync(join(out, file)), { level: 9 }).length;

/** What a chunk brings with it: itself and what it imports statically. */
function closure(...keys: string[]): { js: Set<string>; css: Set<string> } {
  const js = new Set<string>();
  const css = new Set<string>();
  const walk = (key: string): void => {
    const chunk = manifest[key];
    if (!chunk) throw new Error(`The build has no ${key}.`);
    if (js.has(chunk.file)) return;
    js.add(chunk.file);
    for (const sheet of chunk.css ?? []) css.add(sheet);
    for (const next of chunk.imports ?? []) walk(next);
  };
  for (const key of keys) walk(key);
  return { js, css };
}

const ENTRY = 'index.html';
const GERMAN = ['src/i18n/de/shell.json', 'src/i18n/de/list.json'];
const entryScene = (name: string, german: boolean): string[] => [ENTRY, `src/scenes/entry/${name}-scene.tsx`, ...(german ? [...GERMAN, 'src/i18n/de/entry.json'] : ['src/i18n/en/entry.json'])];
/** What is fetched until the first screen takes an act, by screen: the entry, the words of the language, and the scene where it is one of its own. */
const FIRST_SCREENS: Record<string, string[]> = {
  'the app in English': [ENTRY], 'the app in German': [ENTRY, ...GERMAN],
  ...Object.fromEntries(['sign-in', 'set-up', 'invite', 'signed-out', 'unreachable'].flatMap((name) => [[`${name} in English`, entryScene(name, false)], [`${name} in German`, entryScene(name, true)]])),
};

describe('BUD-4 sizes of the build', () => {
  beforeAll(async () => {
    out = mkdtempSync(join(tmpdir(), 'parley-build-'));
    // Test runners say `test`, and React would come in its development form.
    vi.stubEnv('NODE_ENV', 'production');
    await build({ root, mode: 'production', configFile: join(root, 'vite.config.ts'), logLevel: 'silent', build: { outDir: out, emptyOutDir: true } });
    manifest = JSON.parse(readFileSync(join(out, '.vite/manifest.json'), 'utf8')) as typeof manifest;
  }, 180_000);
  afterAll(() => {
    vi.unstubAllEnvs();
    rmSync(out, { recursive: true, force: true });
  });

  it.each(Object.entries(FIRST_SCREENS))('BUD-4 start-up JavaScript is under 250 KB gzip: %s', (_name, keys) => {
    expect([...closure(...keys).js].reduce((sum, file) => sum + zipped(file), 0)).toBeLessThan(250 * KB);
  });
  it('BUD-4 what is not on the first screen is not in what it waits for', () => {
    // The bundler's own runtime has no sources.
    const sources = [...closure(ENTRY).js].filter((file) => existsSync(join(out, `${file}.map`))).flatMap((file) => (JSON.parse(readFileSync(join(out, `${file}.map`), 'utf8')) as { sources: string[] }).sources);
    const late = /codemirror|@radix-ui|@floating-ui|parley-emoji|icu-messageformat-parser\/(?!no-parser)|features\/(dialogs\/[a-z]+-dialogs?|switcher\/switcher|emoji\/emoji-picker|details\/details-panel|thread\/thread-panel|search\/search-panel)|scenes\/(?!channel|scene)|i18n\/de/;
    expect(sources.length).toBeGreaterThan(200);
    expect(sources.filter((source) => late.test(source))).toEqual([]);
  });
  it('BUD-4 all style sheets are under 40 KB gzip', () => {
    const sheets = readdirSync(join(out, 'assets')).filter((file) => file.endsWith('.css'));
    expect(sheets.reduce((sum, file) => sum + zipped(`assets/${file}`), 0)).toBeLessThan(40 * KB);
  });
  it('BUD-4 all fonts are under 110 KB', () => {
    const fonts = readdirSync(join(out, 'assets')).filter((file) => file.endsWith('.woff2'));
    expect(fonts.reduce((sum, file) => sum + statSync(join(out, 'assets', file)).size, 0)).toBeLessThan(110 * KB);
  });
  it('BUD-4 every later chunk is under 100 KB gzip', () => {
    const { js } = closure(ENTRY);
    const big = readdirSync(join(out, 'assets')).filter((file) => file.endsWith('.js') && !js.has(`assets/${file}`)).map((file) => ({ file, size: zipped(`assets/${file}`) })).filter((chunk) => chunk.size >= 100 * KB);
    expect(big).toEqual([]);
  });
  it('STK-4 the shell holds no inline styles, and its scripts are in the policy file', () => {
    const html = readFileSync(join(out, 'index.html'), 'utf8');
    expect(html).not.toMatch(/<style|\sstyle=|\son[a-z]+=/i);
    const policy = JSON.parse(readFileSync(join(out, 'csp.json'), 'utf8')) as { script_hashes: string[]; nonce_placeholder: string };
    expect(policy.script_hashes).toHaveLength(1);
    expect(html).toContain(policy.nonce_placeholder);
  });
  it('the service worker caches the shell and every asset, and nothing of another host', () => {
    const worker = readFileSync(join(out, 'sw.js'), 'utf8');
    for (const file of readdirSync(join(out, 'assets'))) if (!file.endsWith('.map')) expect(worker).toContain(`/assets/${file}`);
    expect(worker).not.toMatch(/https?:\/\//);
    const events: string[] = [];
    // A classic script: it must evaluate as one.
    runInNewContext(worker, { self: { addEventListener: (name: string) => events.push(name) } });
    expect(events.sort()).toEqual(['activate', 'fetch', 'install', 'message', 'notificationclick', 'push', 'pushsubscriptionchange']);
  });
  it('STK-4 nothing in the build names another host to fetch from', () => {
    for (const file of readdirSync(join(out, 'assets')).filter((name) => name.endsWith('.css'))) expect(readFileSync(join(out, 'assets', file), 'utf8')).not.toMatch(/url\(["']?https?:/);
  });
});
