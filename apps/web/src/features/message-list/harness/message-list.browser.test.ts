import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from '@playwright/test';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** The list in a real browser over the harness page: LST-12's cases, the rows in the page, what keys do. */

const here = fileURLToPath(new URL('.', import.meta.url));
const built = fileURLToPath(new URL('../../../../../../.tmp/list-harness/', import.meta.url));
const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.woff2': 'font/woff2' };
const executablePath = [process.env['PARLEY_CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => path !== undefined && existsSync(path)) ?? chromium.executablePath();
const canRun = existsSync(executablePath);
if (!canRun && process.env['CI'] === 'true') throw new Error('These tests need Chromium.');
if (!canRun) console.warn('SKIPPED: no Chromium, so the message list was not tried in a browser.');

let server: Server;
let browser: Browser;
let page: Page;
let opened = false;
let base = '';
const errors: string[] = [];

beforeAll(async () => {
  if (!canRun) return;
  await build({ configFile: join(here, 'vite.harness.ts'), logLevel: 'error' });
  server = createServer((request, response) => {
    const path = join(built, new URL(request.url ?? '/', 'http://localhost').pathname);
    const file = extname(path) !== '' && existsSync(path) ? path : join(built, 'index.html');
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
}, 180_000);

afterAll(async () => {
  await browser?.close();
  server?.close();
});

const PIXEL = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
const frames = (n = 12) => page.evaluate((count) => new Promise<void>((resolve) => { const step = () => (--count > 0 ? requestAnimationFrame(step) : resolve()); step(); }), n);
const open = async (query: string) => {
  // A profile of its own each time: places are kept over reloads.
  if (opened) await page.close();
  page = await browser.newPage({ viewport: { width: 1_100, height: 800 } });
  opened = true;
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(base + query);
  await page.locator('[data-row]').first().waitFor();
  await page.locator('.cm-content').first().waitFor();
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
  await frames();
};
const topRow = () => page.evaluate(() => {
  const list = document.querySelector('[role=feed]')?.parentElement as HTMLElement;
  const top = list.getBoundingClientRect().top;
  for (const row of list.querySelectorAll<HTMLElement>('[data-row]')) { const box = row.getBoundingClientRect(); if (box.bottom > top + 1) return { key: row.dataset['row'] ?? '', seq: Number(row.dataset['seq']), y: box.top - top }; }
  throw new Error('no row in view');
});
const yOf = (key: string) => page.evaluate((k) => {
  const list = document.querySelector('[role=feed]')?.parentElement as HTMLElement;
  const row = list.querySelector(`[data-row="${k}"]`);
  return row ? row.getBoundingClientRect().top - list.getBoundingClientRect().top : null;
}, key);
const fromEnd = () => page.evaluate(() => { const list = document.querySelector('[role=feed]')?.parentElement as HTMLElement; return list.scrollHeight - list.clientHeight - list.scrollTop; });
const scrollTo = async (top: number) => {
  await page.evaluate((px) => { const list = document.querySelector('[role=feed]')?.parentElement as HTMLElement; list.dispatchEvent(new WheelEvent('wheel')); list.scrollTop = px; }, top);
  await frames(24);
};
/** The largest shift of the anchor row in any of the 20 frames after an act. */
async function shift(act: () => Promise<unknown>): Promise<number> {
  const before = await topRow();
  await act();
  let worst = 0;
  for (let i = 0; i < 20; i++) {
    const y = await yOf(before.key);
    worst = Math.max(worst, y === null ? Number.POSITIVE_INFINITY : Math.abs(y - before.y));
    await frames(1);
  }
  return worst;
}

describe.skipIf(!canRun)('the message list in a browser', () => {
  it('BUD-6 LST-12 the anchor row does not move', async () => {
    await open('?count=2000&held=900-1100,1500-2000&read=2000');
    await scrollTo(9_000);
    const { seq } = await topRow();
    const cases: [string, () => Promise<unknown>][] = [
      ['50 older come', () => page.evaluate(() => window.harness.hold(850, 899))],
      ['newer come while scrolled up', () => page.evaluate(() => { for (let i = 0; i < 5; i++) window.harness.arrive(); })],
      ['a row above is edited', () => page.evaluate((at) => window.harness.change(at - 2, { content: 'x '.repeat(600) }), seq)],
      ['a row far above is edited', () => page.evaluate((at) => window.harness.change(at - 60, { content: 'x '.repeat(600) }), seq)],
      ['a row above is reacted to', () => page.evaluate((at) => window.harness.change(at - 3, { reactions: [{ emoji: '🚀', count: 1, user_ids: [] }] }), seq)],
      ['a row above is threaded', () => page.evaluate((at) => window.harness.change(at - 4, { thread: { reply_count: 2, last_reply_seq: 1, last_reply_at: '2026-11-23T10:00:00Z', participant_ids: [] } }), seq)],
      ['a row above gets cards', () => page.evaluate((at) => window.harness.change(at - 5, { cards: [{ url: 'https://a.example', title: 'A page', description: 'About it', site: 'a.example' }, { url: 'https://b.example', title: 'B', description: '', site: 'b.example' }] }), seq)],
      ['a row above is deleted', () => page.evaluate((at) => window.harness.change(at - 1, { deleted: true, content: '' }), seq)],
      ['a row below is edited', () => page.evaluate((at) => window.harness.change(at + 3, { content: 'x '.repeat(600) }), seq)],
      ['a gap above is filled', () => page.evaluate(() => window.harness.hold(800, 849))],
      ['rows above are evicted', () => page.evaluate(() => window.harness.evict(800, 905))],
      ['the window is narrower', () => page.setViewportSize({ width: 820, height: 800 })],
      ['the window is wider and lower', () => page.setViewportSize({ width: 1_100, height: 600 })],
      ['the text is larger', () => page.evaluate(() => document.documentElement.style.setProperty('--message-size', '1.25rem'))],
      ['the text is smaller', () => page.evaluate(() => document.documentElement.style.removeProperty('--message-size'))],
    ];
    const shifts: Record<string, number> = {};
    for (const [name, act] of cases) shifts[name] = await shift(act);
    expect(Object.entries(shifts).filter(([, px]) => px > 1)).toEqual([]);
  });

  it('LST-12 LST-25 pictures have their boxes before they are loaded, and move nothing when they are', async () => {
    await open('?count=400&read=400');
    let release = (): void => {};
    const released = new Promise<void>((resolve) => { release = resolve; });
    await page.route('**/api/v1/files/*/thumb', async (route) => { await released; await route.fulfill({ contentType: 'image/png', body: PIXEL }); });
    const pictures = (n: number) => Array.from({ length: n }, (_, i) => ({ id: `00000000-0000-7000-b000-${String(i).padStart(12, '0')}`, name: `p${i}.png`, size: 100, mime: 'image/png', width: 900 + i * 40, height: 700, created_at: '2026-11-23T10:00:00Z' }));
    await page.evaluate(([one, many]) => {
      for (let seq = 300; seq <= 400; seq += 10) window.harness.change(seq, { files: seq % 20 === 0 ? one : many });
    }, [pictures(1), pictures(11)]);
    await frames();
    expect(await fromEnd()).toBeLessThanOrEqual(1);
    await scrollTo(20_000);
    const loading = await shift(async () => { release(); await frames(6); });
    expect(loading).toBeLessThanOrEqual(1);
    const tiles = page.locator('[data-seq="390"] [role=group]').getByRole('button');
    await page.getByRole('button', { name: 'Latest' }).click().catch(() => undefined);
    await expect.poll(() => tiles.count()).toBe(8);
    expect(await tiles.last().getAttribute('aria-label')).toBe('Open p7.png and 3 more pictures');
    const heights = await tiles.evaluateAll((all) => new Set(all.map((tile) => Math.round(tile.getBoundingClientRect().height))).size);
    expect(heights).toBe(1);
    expect(await page.locator('[data-seq="390"] [role=group]').getAttribute('aria-label')).toBe('11 pictures');
  });

  it('LST-4 LST-25 the server\'s answer keeps the nodes of one\'s own files', async () => {
    await open('?count=100&read=100');
    const local = { id: 'local', name: 'a.png', size: 100, mime: 'image/png', width: 400, height: 300, created_at: '2026-11-23T20:01:00Z' };
    await page.route('**/api/v1/files/*/thumb', (route) => route.fulfill({ contentType: 'image/png', body: PIXEL }));
    await page.evaluate((file) => { void window.harness.send({ channelId: '', content: '', clientMsgId: 'with-file', files: [file] }); }, local);
    const picture = page.locator('[data-row="with-file"] [role=group] button');
    await picture.waitFor();
    const before = await picture.boundingBox();
    await picture.evaluate((node) => { node.dataset['mark'] = 'same'; });
    await page.evaluate(() => window.harness.answer('00000000-0000-7000-b000-000000000001'));
    await page.locator('[data-row="with-file"] img').waitFor();
    expect(await picture.getAttribute('data-mark')).toBe('same');
    expect(await picture.boundingBox()).toEqual(before);
  });

  it('LST-12 LST-16 at the end everything keeps the end', async () => {
    await open('?count=2000&read=2000');
    const ends: Record<string, number> = { opened: await fromEnd() };
    const after = async (name: string, act: () => Promise<unknown>) => { await act(); await frames(); ends[name] = await fromEnd(); };
    await after('a message comes', () => page.evaluate(() => window.harness.arrive({ content: 'y '.repeat(500) })));
    await after('a card', () => page.evaluate(() => window.harness.change(window.harness.head, { cards: [{ url: 'https://a.example', title: 'A page', description: 'About it', site: 'a.example', image: { url: 'data:image/gif;base64,R0lGODlhAQABAAAAACw=', width: 720, height: 360, thumbhash: '' } }] })));
    await after('an edit', () => page.evaluate(() => window.harness.change(window.harness.head - 1, { content: 'z '.repeat(900) })));
    await after('a smaller window', () => page.setViewportSize({ width: 900, height: 600 }));
    await after('a larger window', () => page.setViewportSize({ width: 1_100, height: 800 }));
    await after('a growing composer', async () => { await page.getByRole('textbox', { name: 'Message general' }).click(); for (let i = 0; i < 4; i++) await page.keyboard.press('Shift+Enter'); });
    expect(Object.entries(ends).filter(([, px]) => px > 1)).toEqual([]);
  });

  it('LST-12 thousands of older rows that come out of the cache later move nothing', async () => {
    await open('?count=10000&held=9801-10000&read=10000');
    await page.evaluate(() => window.harness.hold(1, 9_800));
    await frames();
    expect(await fromEnd()).toBeLessThanOrEqual(1);
    await open('?count=10000&held=9801-10000&read=10000');
    await scrollTo(4_000);
    expect(await shift(() => page.evaluate(() => window.harness.hold(1, 9_800)))).toBeLessThanOrEqual(1);
  });

  it('LST-15 who went to the newest message is there after a reload', async () => {
    await open('?count=2000&read=2000');
    await scrollTo(9_000);
    await page.getByRole('button', { name: 'Latest' }).click();
    await expect.poll(fromEnd).toBeLessThanOrEqual(1);
    await page.reload();
    await page.locator('[data-row]').first().waitFor();
    await frames(24);
    expect(await fromEnd()).toBeLessThanOrEqual(1);
  });

  it('BUD-7 10,000 rows: at most 60 in the page, scrolled through without a blank view', async () => {
    await open('?count=10000&read=10000');
    let most = 0;
    let blank = 0;
    await page.evaluate(() => { const list = document.querySelector('[role=feed]')?.parentElement as HTMLElement; list.dispatchEvent(new WheelEvent('wheel')); });
    for (let i = 0; i < 60; i++) {
      await page.evaluate(() => { const list = document.querySelector('[role=feed]')?.parentElement as HTMLElement; list.scrollTop -= 600; });
      await frames(2);
      const seen = await page.evaluate(() => { const list = document.querySelector('[role=feed]')?.parentElement as HTMLElement; const box = list.getBoundingClientRect(); const hit = document.elementFromPoint(box.left + 200, box.top + box.height / 2); return { rows: list.querySelectorAll('[data-row]').length, hit: hit?.closest('[data-index]') !== null }; });
      most = Math.max(most, seen.rows);
      if (!seen.hit) blank++;
    }
    expect(most).toBeLessThanOrEqual(60);
    expect(blank).toBe(0);
    expect(await page.evaluate(() => document.querySelectorAll('*').length)).toBeLessThan(5_000);
  });

  it('LST-4 sending to sent keeps the node and its focus; LST-16 own send goes to the end', async () => {
    await open('?count=500&read=500');
    await scrollTo(2_000);
    await page.getByRole('textbox', { name: 'Message general' }).click();
    await page.keyboard.type('hello **world**');
    await page.keyboard.press('Enter');
    await frames();
    expect(await fromEnd()).toBeLessThanOrEqual(1);
    const key = await page.evaluate(() => window.harness.timelineCell.get().pending[0]?.key ?? '');
    await page.evaluate((k) => { const row = document.querySelector<HTMLElement>(`[data-row="${k}"]`); if (row) { row.dataset['mark'] = 'same'; row.focus(); } }, key);
    await page.evaluate(() => window.harness.answer());
    await frames();
    expect(await page.evaluate((k) => { const row = document.querySelector<HTMLElement>(`[data-row="${k}"]`); return row?.dataset['mark'] === 'same' && document.activeElement === row; }, key)).toBe(true);
    expect(await page.getByRole('textbox', { name: 'Message general' }).innerText()).toContain('Message general');
  });

  it('LST-10 gaps near the view load by themselves; LST-7 the list opens at the line; RED-1 what is seen is read', async () => {
    await open('?count=1000&held=601-1000&read=990');
    await page.getByText('New', { exact: true }).waitFor();
    await page.evaluate(() => { const list = document.querySelector('[role=feed]')?.parentElement as HTMLElement; list.dispatchEvent(new WheelEvent('wheel')); list.scrollTop = 400; });
    await expect.poll(() => page.evaluate(() => window.harness.timelineCell.get().ranges[0]?.fromSeq), { timeout: 5_000 }).toBeLessThan(601);
    await page.getByRole('button', { name: 'Latest' }).click();
    await expect.poll(() => page.evaluate(() => window.harness.log.filter((entry) => Array.isArray(entry) && entry[0] === 'read').map((entry) => (entry as unknown[])[1])), { timeout: 5_000 }).toContain(1_000);
  });

  it('CMP-6 CMP-11 LST-20 LST-33 suggestions, edit and keys', async () => {
    await open('?count=300&read=300');
    const box = page.getByRole('textbox', { name: 'Message general' });
    await box.click();
    await page.keyboard.type('Hi @mei');
    await page.getByRole('option', { name: /Mei Lin/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.type('there');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate(() => JSON.stringify(window.harness.log))).toContain('Hi <@0190a000-0000-7000-8000-000000000002> there');
    await page.evaluate(() => window.harness.answer());
    await frames();
    await page.keyboard.press('ArrowUp');
    await page.getByRole('textbox', { name: 'Edit message' }).waitFor();
    await page.locator('[data-composer=edit] .cm-content').waitFor();
    await page.keyboard.type('!');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate(() => JSON.stringify(window.harness.log))).toContain('there!');
    await expect.poll(() => page.evaluate(() => (document.activeElement as HTMLElement | null)?.dataset['seq'])).toBe('301');
    await page.keyboard.press('ArrowUp');
    expect(await page.evaluate(() => (document.activeElement as HTMLElement | null)?.dataset['seq'])).toBe('300');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Message general');
  });

  it('LST-14 a permalink far away: loaded around, at one third, flashing, focused; nothing between is loaded or read', async () => {
    await open('?count=2000&held=1900-2000&read=2000');
    await page.evaluate(() => { const id = window.harness.messages.get(500)?.message.id ?? ''; history.pushState(null, '', `${location.pathname}/m/${id}`); });
    await expect.poll(() => page.evaluate(() => (document.activeElement as HTMLElement | null)?.dataset['seq'])).toBe('500');
    await frames(40);
    const at = await page.evaluate(() => { const list = document.querySelector('[role=feed]')?.parentElement as HTMLElement; const row = document.activeElement as HTMLElement; return { y: row.getBoundingClientRect().top - list.getBoundingClientRect().top, third: list.clientHeight / 3 }; });
    expect(Math.abs(at.y - at.third)).toBeLessThanOrEqual(2);
    expect(await page.evaluate(() => window.harness.log.filter((entry) => Array.isArray(entry) && (entry[0] === 'before' || entry[0] === 'after')).length)).toBeLessThanOrEqual(4);
    expect(await page.evaluate(() => window.harness.log.some((entry) => Array.isArray(entry) && entry[0] === 'read'))).toBe(false);
  });

  it('LST-31 nothing failed on the way', () => {
    expect(errors).toEqual([]);
  });
});
