import { readFile } from 'node:fs/promises';
import { deflateSync, crc32 } from 'node:zlib';
import type { Locator, Page, Request, Route } from '@playwright/test';
import { getMessages } from '@parley/shared/protocol/calls/messages';
import { expect, test } from '../fixtures/world.ts';
import { Chat } from '../pages/chat.ts';
import { expectAccessible } from '../support/accessibility.ts';

/** A picture with a course of colours, as a camera or a screen would give it. */
function picture(width: number, height: number, tint: [number, number, number]): Buffer {
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) for (let c = 0; c < 3; c++) rows[y * (width * 3 + 1) + 1 + x * 3 + c] = Math.min(255, (tint[c] ?? 0) * 0.5 + (x / width) * 90 + (y / height) * 60);
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const out = Buffer.alloc(8 + data.length + 4);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(crc32(body), 8 + data.length);
    return out;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}
const photo = (name: string, width = 1_200, height = 800, tint: [number, number, number] = [40, 120, 160]) => ({ name, mimeType: 'image/png', buffer: picture(width, height, tint) });
const paper = (name: string, bytes: number) => ({ name, mimeType: 'text/plain', buffer: Buffer.alloc(bytes, 'The tide table of the north harbour. ') });

/** What the composer is to send. */
const toSend = (chat: Chat): Locator => chat.page.getByRole('list', { name: 'Files to send' });

async function addFiles(chat: Chat, ...files: Parameters<Locator['setInputFiles']>[0] extends infer F ? (F extends readonly (infer One)[] ? One : never)[] : never[]): Promise<void> {
  const [chooser] = await Promise.all([chat.page.waitForEvent('filechooser'), chat.page.getByRole('main').getByRole('button', { name: 'Add files' }).click()]);
  await chooser.setFiles(files as never);
}

/** Parts of uploads wait until they are let through; others pass. */
async function holdParts(page: Page, held: (request: Request) => boolean): Promise<{ waiting: Route[]; release(): Promise<void> }> {
  const waiting: Route[] = [];
  let open = false;
  await page.route('**/api/v1/files/**', async (route) => {
    if (open || route.request().method() !== 'PATCH' || !held(route.request())) return route.continue();
    waiting.push(route);
  });
  return { waiting, release: async () => { open = true; for (const route of waiting.splice(0)) await route.continue().catch(() => undefined); } };
}

test('a picture is added, sent, seen by the other, and looked at large', { tag: ['@files', '@two-people', '@smoke'] }, async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Lindqvist')];
  const channel = await world.channel('harbour', { members: [amara, tom] });
  const chat = new Chat(await world.open(amara));
  const other = new Chat(await world.open(tom));
  for (const one of [chat, other]) await one.openChannel(channel.name);

  await addFiles(chat, photo('quay.png'), photo('lighthouse.png', 700, 1_000, [160, 90, 40]), paper('tides.txt', 2_000));
  await expect(toSend(chat).getByRole('listitem')).toHaveCount(3);
  await expect(toSend(chat).getByRole('progressbar')).toHaveCount(0);
  await expectAccessible(chat.page);
  await chat.send(channel.name, 'From this morning');
  const row = chat.message('From this morning');
  await expect(row.getByRole('button', { name: 'Open quay.png' })).toBeVisible();
  await expect(toSend(chat)).toHaveCount(0);

  const seen = other.message('From this morning');
  await expect(seen.getByRole('group', { name: '2 pictures, 1 file' })).toBeVisible();
  await expect(seen.locator('img[src*="/thumb"]')).toHaveCount(2);
  await expect.poll(() => seen.locator('img[src*="/thumb"]').first().evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(100);
  const [download] = await Promise.all([other.page.waitForEvent('download'), seen.getByRole('link', { name: 'Download tides.txt' }).click()]);
  expect(download.suggestedFilename()).toBe('tides.txt');
  expect((await readFile(await download.path())).length).toBe(2_000);

  // By keyboard: into the row, the picture, the gallery and back.
  await seen.focus();
  const opener = seen.getByRole('button', { name: 'Open quay.png' });
  await opener.focus();
  await other.page.keyboard.press('Enter');
  const gallery = other.page.getByRole('dialog', { name: 'quay.png' });
  await expect(gallery.getByRole('img', { name: 'quay.png' })).toBeVisible();
  await expect.poll(() => gallery.getByRole('img', { name: 'quay.png' }).evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(1_200);
  await expectAccessible(other.page);
  await other.page.keyboard.press('+');
  await other.page.keyboard.press('r');
  expect(await gallery.getByRole('img', { name: 'quay.png' }).evaluate((image) => [image.style.getPropertyValue('--zoom'), image.style.getPropertyValue('--turn')])).toEqual(['1.5', '90deg']);
  await other.page.keyboard.press('ArrowRight');
  await expect(other.page.getByRole('dialog', { name: 'lighthouse.png' })).toBeVisible();
  const [taken] = await Promise.all([other.page.waitForEvent('download'), other.page.keyboard.press('d')]);
  expect(taken.suggestedFilename()).toBe('lighthouse.png');
  await other.page.keyboard.press('Escape');
  await expect(other.page.getByRole('dialog')).toHaveCount(0);
  await expect(opener).toBeFocused();

  // The channel's list leads back to the message.
  await other.page.goto(`${world.url}/w/${world.workspaceId}/c/${channel.id}?panel=details&tab=files`);
  const panel = other.page.getByRole('complementary', { name: `Details of ${channel.name}` });
  await expect(panel.getByRole('listitem')).toHaveCount(3);
  await expectAccessible(other.page);
  await panel.getByRole('link', { name: 'Show message' }).first().click();
  await expect(other.page).toHaveURL(/\/m\//);
});

test('CMP-7 CMP-8 a pasted picture and dropped files are added; Shift drops into the thread', { tag: ['@files'] }, async ({ world }) => {
  const amara = await world.person('Amara Okafor');
  const channel = await world.channel('harbour', { members: [amara] });
  const root = await world.say(amara, channel, 'Where were we?');
  const chat = new Chat(await world.open(amara));
  await chat.openChannel(channel.name);
  await chat.composer(channel.name).click();
  await chat.page.evaluate((bytes) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(bytes)], 'image.png', { type: 'image/png' }));
    document.activeElement?.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  }, [...picture(120, 90, [10, 90, 60])]);
  await expect(toSend(chat).getByRole('listitem')).toHaveCount(1);
  await expect(toSend(chat).getByText(/^picture-\d{8}-\d{6}\.png$/)).toBeVisible();

  /** As the pointer does it; true when the pane took the event. */
  const drag = (kinds: string[], names: string[], shiftKey: boolean) => chat.page.evaluate(([all, list, shift]) => {
    const data = new DataTransfer();
    for (const name of list) data.items.add(new File(['text'], name, { type: 'text/plain' }));
    const pane = document.querySelector('#main') as HTMLElement;
    return all.map((kind) => !pane.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true, shiftKey: shift }))).at(-1);
  }, [kinds, names, shiftKey] as const);
  const drop = async (names: string[], shiftKey: boolean) => {
    const where = chat.page.getByText(shiftKey ? 'Drop to add to the thread' : `Drop to add to #${channel.name}`);
    await expect(async () => {
      await drag(['dragenter', 'dragover'], names, shiftKey);
      await expect(where).toBeVisible({ timeout: 500 });
    }).toPass();
    await drag(['drop'], names, shiftKey);
    await expect(where).toHaveCount(0);
  };
  await drop(['a.txt', 'b.txt'], false);
  await expect(toSend(chat).getByRole('listitem')).toHaveCount(3);
  await toSend(chat).getByRole('button', { name: 'Remove a.txt' }).click();
  await expect(toSend(chat).getByRole('listitem')).toHaveCount(2);

  await chat.page.goto(`${world.url}/w/${world.workspaceId}/c/${channel.id}/t/${root.message_id}`);
  await expect(chat.thread(channel.name)).toBeVisible();
  await expect(toSend(chat).first().getByRole('listitem')).toHaveCount(2);
  await drop(['c.txt'], true);
  await expect(chat.thread(channel.name).getByRole('list', { name: 'Files to send' }).getByRole('listitem')).toHaveCount(1);
});

test('CMP-8 CMP-9 an upload that is cut goes on after a reload, and its message is there exactly once', { tag: ['@files', '@two-people', '@offline'] }, async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Lindqvist')];
  const channel = await world.channel('harbour', { members: [amara, tom] });
  const chat = new Chat(await world.open(amara));
  const other = new Chat(await world.open(tom));
  for (const one of [chat, other]) await one.openChannel(channel.name);
  await chat.page.evaluate(() => navigator.serviceWorker.ready);
  const offsets: number[] = [];
  let made = 0;
  chat.page.on('request', (request) => {
    if (request.method() === 'PATCH') offsets.push(Number(request.headers()['upload-offset']));
    if (request.method() === 'POST' && new URL(request.url()).pathname === '/api/v1/files') made += 1;
  });
  const parts = await holdParts(chat.page, (request) => Number(request.headers()['upload-offset']) > 0);
  await addFiles(chat, paper('survey.txt', 12_000_000));
  await expect.poll(() => parts.waiting.length).toBe(1);
  await chat.send(channel.name, 'The whole survey');
  await expect(chat.message('The whole survey').getByText('Waiting for 1 file')).toBeVisible();

  await chat.goOffline();
  await expect(chat.message('The whole survey').getByText(/Stopped at \d+ %/)).toBeVisible();
  await chat.page.reload();
  await expect(chat.message('The whole survey')).toHaveCount(1);
  await expect(chat.message('The whole survey').getByText(/Stopped at \d+ %/)).toBeVisible();
  await parts.release();
  await chat.goOnline();
  await expect(other.message('The whole survey').getByRole('link', { name: 'Download survey.txt' })).toBeVisible({ timeout: 30_000 });
  await expect(other.message('The whole survey')).toHaveCount(1);
  await expect(chat.message('The whole survey')).toHaveCount(1);
  await expect(chat.message('The whole survey').getByText('Waiting for 1 file')).toHaveCount(0);
  // What had arrived was not sent again: one upload, and no second part from the start.
  expect(made).toBe(1);
  expect(offsets.filter((offset) => offset === 0)).toHaveLength(1);
  expect(Math.max(...offsets)).toBeGreaterThan(5_000_000);
  const [download] = await Promise.all([other.page.waitForEvent('download'), other.message('The whole survey').getByRole('link', { name: 'Download survey.txt' }).click()]);
  expect((await readFile(await download.path())).equals(paper('survey.txt', 12_000_000).buffer)).toBe(true);
  expect((await tom.api.call(getMessages, { channel_id: channel.id })).messages.filter((one) => one.content === 'The whole survey')).toHaveLength(1);
});

test('CMP-9 a message that waits for its file is overtaken by one that is ready', { tag: ['@files', '@two-people'] }, async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Lindqvist')];
  const channel = await world.channel('harbour', { members: [amara, tom] });
  const chat = new Chat(await world.open(amara));
  const other = new Chat(await world.open(tom));
  for (const one of [chat, other]) await one.openChannel(channel.name);
  const parts = await holdParts(chat.page, () => true);
  await addFiles(chat, photo('chart.png'));
  await expect.poll(() => parts.waiting.length).toBe(1);
  await chat.send(channel.name, 'See the chart');
  await chat.send(channel.name, 'More in a minute');
  await expect(other.message('More in a minute')).toBeVisible();
  await expect(other.message('See the chart')).toHaveCount(0);
  await expect(chat.message('See the chart').getByText('Waiting for 1 file')).toBeVisible();
  const node = await chat.message('See the chart').elementHandle();
  await parts.release();
  await expect(other.message('See the chart').locator('img[src*="/thumb"]')).toBeVisible();
  await expect(chat.message('See the chart').getByText('Waiting for 1 file')).toHaveCount(0);
  expect(await node?.evaluate((row) => row.isConnected)).toBe(true);
  const said = (await tom.api.call(getMessages, { channel_id: channel.id })).messages.map((one) => one.content);
  expect(said.indexOf('More in a minute')).toBeLessThan(said.indexOf('See the chart'));
});

test('CMP-10 a draft with files survives a reload and is there on the second device', { tag: ['@files'] }, async ({ world }) => {
  const amara = await world.person('Amara Okafor');
  const channel = await world.channel('harbour', { members: [amara] });
  const laptop = new Chat(await world.open(amara));
  const phone = new Chat(await world.open(amara));
  for (const chat of [laptop, phone]) await chat.openChannel(channel.name);
  await addFiles(laptop, photo('berth.png'), paper('notes.txt', 400));
  await expect(toSend(phone).getByRole('listitem')).toHaveCount(2, { timeout: 20_000 });
  await expect(toSend(phone).getByText('notes.txt')).toBeVisible();
  await laptop.page.reload();
  await expect(toSend(laptop).getByRole('listitem')).toHaveCount(2);
  await phone.composer(channel.name).click();
  await phone.page.keyboard.press('Enter');
  await expect(phone.page.getByRole('feed').getByRole('group', { name: '1 picture, 1 file' })).toBeVisible();
  await expect(toSend(laptop)).toHaveCount(0);
  await expect(laptop.page.getByRole('feed').getByRole('group', { name: '1 picture, 1 file' })).toBeVisible();
});
