import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { test, expect } from '@playwright/test';
import { setUp } from '@parley/shared/protocol/calls/accounts';
import { Chat } from '../pages/chat.ts';
import { expectAccessible } from '../support/accessibility.ts';
import { Api } from '../support/api.ts';
import { serverMain, startServer } from '../support/server.ts';
import { firstSince, lineOf, writeLargeArchive } from '../support/slack-archive.ts';

const MESSAGES = 200_000;
const PASSWORD = 'correct horse battery staple';

test('a channel of 200,000 messages: scrolled, at its beginning, at a date', { tag: '@large' }, async ({ page }) => {
  test.setTimeout(240_000);
  const server = await startServer();
  try {
    await new Api(server.url).call(setUp, { workspace_name: 'Harbour Labs', username: 'amara', display_name: 'Amara Okafor', email: 'amara@example.org', password: PASSWORD });
    await server.stop();
    const archive = `${server.data}/logbook.zip`;
    await writeLargeArchive(archive, MESSAGES);
    await promisify(execFile)(process.execPath, [serverMain, 'import', 'slack', archive, '--data', server.data], { timeout: 150_000 });
    await server.start();

    await page.goto(server.url);
    await page.getByRole('textbox', { name: 'Email or username' }).fill('amara');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    const chat = new Chat(page);
    await chat.openChannel('logbook');
    await expect(chat.message(lineOf(MESSAGES))).toBeInViewport();

    // The wheel goes back through history, which comes as it is needed.
    await chat.feed('logbook').hover();
    await expect
      .poll(async () => {
        await page.mouse.wheel(0, -2_000);
        return page.evaluate(() => Math.min(...[...document.querySelectorAll<HTMLElement>('[role=feed] [data-seq]')].map((row) => Number(row.dataset['seq']))));
      }, { intervals: [50], timeout: 60_000 })
      .toBeLessThan(MESSAGES - 300);
    // On to where a day begins: its pill is the way to other days.
    await expect(async () => {
      await page.mouse.wheel(0, -500);
      await expect(page.getByRole('main').locator('[data-day] button').last()).toBeInViewport({ timeout: 50 });
    }).toPass({ intervals: [50], timeout: 60_000 });

    await chat.jump('Beginning');
    await expect(chat.message(lineOf(1))).toBeInViewport();
    await expect(chat.feed('logbook').getByRole('heading', { name: 'logbook' }).or(page.getByRole('main').getByRole('heading', { name: 'logbook', level: 2 })).first()).toBeVisible();
    await expectAccessible(page);

    await chat.jump('Pick a date');
    const dialog = page.getByRole('dialog', { name: 'Pick a date' });
    await dialog.getByLabel('Date').fill('2024-06-15');
    await dialog.getByRole('button', { name: 'Jump', exact: true }).click();
    await expect(chat.message(lineOf(firstSince(Date.parse('2024-06-15T00:00:00+02:00'))))).toBeInViewport();
    await expect(page.getByText(/15 June 2024|June 15, 2024/).first()).toBeVisible();

    await page.getByRole('button', { name: /Latest/ }).click();
    await expect(chat.message(lineOf(MESSAGES))).toBeInViewport();
    await chat.send('logbook', 'And on it goes');
    await expect(chat.message('And on it goes')).toHaveCount(1);
  } finally {
    await server.dispose();
  }
});
