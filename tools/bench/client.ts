import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { chromium, type BrowserContext, type CDPSession, type Page } from '@playwright/test';
import { cachedEntries, scrollBy, switchTo, watchKeys, watchStart, type PageMarks } from './client.child.page.ts';
import { importInto, PERSON, startOn } from './client.child.world.ts';

/**
 * The client over the large archive, in Chromium: start from the cache, channel switch, typing, scrolling, each also on a
 * processor slowed down to a quarter; beside an empty page and an empty text area. Arguments: rounds, `--data=DIR` for a
 * data directory that `importInto` has made.
 */
export interface ClientFigures {
  slowdown: number;
  what: string;
  median: number;
  p95: number;
  baseline: number | null;
  goal: number | null;
  unit: string;
}

const WEB = fileURLToPath(new URL('../../apps/web/dist', import.meta.url));
const LARGE = process.env['PARLEY_LARGE_ARCHIVE'] ?? fileURLToPath(new URL('../../../shared/data/ubuntu-irc-slack-export.zip', import.meta.url));
const BROWSER = [process.env['PARLEY_CHROMIUM'], '/usr/bin/chromium'].find((path) => path !== undefined && existsSync(path));
const CACHED = 10_000;
const KEYS = 'the quick brown fox jumps over the lazy dog and then some more of it ';

export async function run(args: string[] = []): Promise<{ name: 'client'; figures: ClientFigures[] }> {
  const rounds = Number(args.find((a) => /^\d+$/.test(a)) ?? 5);
  const given = args.find((a) => a.startsWith('--data='))?.slice(7);
  const data = given ?? mkdtempSync(join(tmpdir(), 'parley-bench-'));
  if (given === undefined) await importInto(data, LARGE);
  const server = await startOn(data);
  const bare = await startBare();
  const profile = mkdtempSync(join(tmpdir(), 'parley-bench-profile-'));
  const context = await chromium.launchPersistentContext(profile, {
    ...(BROWSER === undefined ? {} : { executablePath: BROWSER }), viewport: { width: 1280, height: 800 },
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  try {
    // The loader of these files marks functions with a helper that the page does not have.
    await context.addInitScript('globalThis.__name = (f) => f;');
    await context.addInitScript(watchStart);
    const figures = await measureAll(context, server.url, bare.url, rounds);
    console.table(figures);
    return { name: 'client', figures };
  } finally {
    await context.close();
    bare.close();
    await server.stop();
    rmSync(profile, { recursive: true, force: true });
    if (given === undefined) rmSync(data, { recursive: true, force: true });
  }
}

async function measureAll(context: BrowserContext, url: string, bareUrl: string, rounds: number): Promise<ClientFigures[]> {
  const page = await context.newPage();
  const empty = await context.newPage();
  await page.bringToFront();
  await page.goto(url);
  await page.getByRole('textbox', { name: 'Email or username' }).fill(PERSON.email);
  await page.getByLabel('Password', { exact: true }).fill(PERSON.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('navigation', { name: 'Channels' }).waitFor();
  // The archive's main channel, of 200,000 messages, is the one everybody is in.
  const names = ['general', 'mediawiki', 'rust', 'stripe', 'ubuntu-meeting'];
  for (const name of names) await page.evaluate(switchTo, name);

  const figures: ClientFigures[] = [];
  const add = (slowdown: number, what: string, values: number[], baseline: number[] | null, goal: number | null, unit = 'ms'): void => {
    values.sort((a, b) => a - b);
    figures.push({ slowdown, what, median: round(at(values, 0.5)), p95: round(at(values, 0.95)), baseline: baseline === null ? null : round(at(baseline.sort((a, b) => a - b), 0.5)), goal, unit });
    const { median: middle, p95, baseline: bare } = figures.at(-1)!;
    console.log(`${slowdown} × slower, ${what}: ${middle} ${unit} (p95 ${p95}${bare === null ? '' : `, baseline ${bare}`})`);
  };
  const [cdp, bareCdp] = [await context.newCDPSession(page), await context.newCDPSession(empty)];
  await cdp.send('Performance.enable');
  for (const slowdown of [1, 4]) {
    // Of a channel that was left some hundred stay: what needs them full comes before the switches.
    await page.evaluate(switchTo, 'general');
    console.log(`messages in the browser's cache: ${await fillCache(page)}`);
    for (const session of [cdp, bareCdp]) await session.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
    const goal = (ms: number): number | null => (slowdown === 1 ? ms : null);

    const starts: PageMarks[] = [];
    const paints: number[] = [];
    for (let i = 0; i < rounds; i++) {
      await empty.bringToFront();
      await empty.goto(bareUrl);
      paints.push((await marks(empty, 'paint')).paint!);
      await page.bringToFront();
      // A start, not the end of the page before it, which is still reading its cache.
      await page.waitForTimeout(1_500);
      await page.reload();
      await marks(page, 'live');
      starts.push(await marks(page, 'messages'));
    }
    add(slowdown, 'rows painted from the cache', starts.map((s) => s.rows!), paints, goal(200));
    add(slowdown, 'messages painted from the cache', starts.map((s) => s.messages!), paints, null);
    add(slowdown, 'composer takes keys', starts.map((s) => s.composer!), paints, goal(200));
    add(slowdown, 'live editor in place', starts.map((s) => s.live!), paints, goal(800));

    await page.locator('[data-composer] .cm-content').first().click();
    const own = await typeIn(page);
    await empty.bringToFront();
    await empty.goto(bareUrl);
    await empty.locator('textarea').click();
    const plain = await typeIn(empty);
    await page.bringToFront();
    add(slowdown, 'key to paint', own.map((k) => k.latency), plain.map((k) => k.latency), goal(16));
    add(slowdown, 'key, main thread', own.map((k) => k.work), plain.map((k) => k.work), null);
    for (let i = 0; i < KEYS.length; i++) await page.keyboard.press('Backspace');

    const busy: number[] = [];
    const gaps: number[] = [];
    for (let i = 0; i < rounds; i++) {
      const before = await taskSeconds(cdp);
      const { frames, gaps: seen } = await page.evaluate(([n, by]) => (globalThis as unknown as { scrollBy_: typeof scrollBy }).scrollBy_(n!, by!), [100, i % 2 === 0 ? -120 : 120]);
      busy.push(((await taskSeconds(cdp)) - before) * 1000 / frames);
      gaps.push(...seen);
    }
    add(slowdown, 'scrolling, main thread a frame', busy, null, null);
    add(slowdown, 'scrolling, from frame to frame', gaps, null, null);

    const switches: number[] = [];
    for (const name of names) await page.evaluate(switchTo, name);
    for (let i = 0; i < rounds * names.length; i++) switches.push(await page.evaluate(switchTo, names[i % names.length]!));
    add(slowdown, 'channel switch', switches, null, goal(50));
    for (const session of [cdp, bareCdp]) await session.send('Emulation.setCPUThrottlingRate', { rate: 1 });
  }
  figures.push(...(await startUpSize(page)));
  return figures;
}

const round = (n: number): number => Number(n.toFixed(1));
const at = (sorted: number[], share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;

async function marks(page: Page, last: keyof PageMarks): Promise<PageMarks> {
  const read = await page.waitForFunction((name) => {
    const seen = (globalThis as unknown as { marks: Record<string, number> }).marks;
    return seen[name] === undefined ? null : seen;
  }, last, { timeout: 30_000 });
  return (await read.jsonValue()) as PageMarks;
}

/**
 * Scrolls towards the beginning until the cache holds 10,000 messages. A hand on the wheel comes first, as with a person:
 * without one the list still aims at its end, and goes back there.
 * @throws when they are not there after 90 s: figures of an empty cache would look better than they are.
 */
async function fillCache(page: Page): Promise<number> {
  const until = Date.now() + 90_000;
  await page.mouse.move(700, 400);
  await page.addInitScript(`globalThis.scrollBy_ = ${String(scrollBy)};`);
  await page.evaluate(`globalThis.scrollBy_ = ${String(scrollBy)};`);
  for (;;) {
    const held = await page.evaluate(cachedEntries);
    const messages = Math.max(0, ...Object.entries(held).filter(([name]) => name.startsWith('rows')).map(([, n]) => n));
    if (messages >= CACHED) {
      // A start shows the place that one left: the newest messages, as on most days.
      await page.getByRole('button', { name: 'Latest' }).click();
      // Until the list has settled there, and the cache has been written.
      await page.waitForTimeout(2_000);
      return messages;
    }
    if (Date.now() > until) throw new Error(`only ${messages} messages came into the cache`);
    await page.mouse.wheel(0, -2_500);
    await page.evaluate(() => (globalThis as unknown as { scrollBy_: typeof scrollBy }).scrollBy_(60, -2_500));
  }
}

async function typeIn(page: Page): Promise<{ latency: number; work: number }[]> {
  await page.evaluate(watchKeys);
  for (const key of KEYS) {
    await page.keyboard.press(key === ' ' ? 'Space' : key);
    await page.waitForTimeout(60);
  }
  const keys = await page.evaluate(() => (globalThis as unknown as { keys: { latency: number; work: number }[] }).keys);
  return keys.slice(5);
}

async function taskSeconds(cdp: CDPSession): Promise<number> {
  const { metrics } = await cdp.send('Performance.getMetrics');
  return metrics.find((m) => m.name === 'TaskDuration')!.value;
}

/** Scripts that ran until the rows were there, and with the live editor, as gzip would carry them. */
async function startUpSize(page: Page): Promise<ClientFigures[]> {
  await page.reload();
  const { rows } = await marks(page, 'live');
  const scripts = await page.evaluate(() => performance.getEntriesByType('resource').filter((e) => new URL(e.name).pathname.endsWith('.js')).map((e) => ({ path: new URL(e.name).pathname, from: e.startTime, by: (e as PerformanceResourceTiming).initiatorType })));
  const size = (list: { path: string }[]): number => [...new Set(list.map((s) => s.path))].reduce((sum, path) => sum + gzipSync(readFileSync(join(WEB, path)), { level: 9 }).length, 0) / 1024;
  const before = scripts.filter((s) => s.from < rows!);
  const row = (what: string, value: number, goal: number | null): ClientFigures => ({ slowdown: 1, what, median: round(value), p95: round(value), baseline: null, goal, unit: 'KB gzip' });
  return [row('scripts before the rows', size(before), 250), row('scripts with the live editor', size(scripts), null)];
}

async function startBare(): Promise<{ url: string; close(): void }> {
  const server = createServer((_, response) => void response.setHeader('content-type', 'text/html').end('<!doctype html><title>empty</title><body><div id="static">Nothing</div><textarea rows="4" cols="60"></textarea>'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => void server.close() };
}
