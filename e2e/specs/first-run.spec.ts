import { test as base, expect } from '@playwright/test';
import { Chat } from '../pages/chat.ts';
import { expectAccessible } from '../support/accessibility.ts';
import { startServer, type RunningServer } from '../support/server.ts';

/** A server that nobody has set up. */
const test = base.extend<{ fresh: RunningServer }>({
  // eslint-disable-next-line no-empty-pattern -- Playwright reads fixture dependencies from the pattern.
  fresh: async ({}, use) => {
    const server = await startServer();
    await use(server);
    await server.dispose();
  },
});
const archive = new URL('../../samples/irc-small-slack-export.zip', import.meta.url).pathname;

async function firstSteps(page: import('@playwright/test').Page, url: string): Promise<void> {
  await page.goto(`${url}/anything`);
  await expect(page).toHaveURL(/\/set-up/);
  await page.getByRole('textbox', { name: 'Workspace name' }).fill('Harbour Labs');
  await expectAccessible(page);
  await page.keyboard.press('Enter');
  await page.getByRole('textbox', { name: 'Display name' }).fill('Amara Okafor');
  await expect(page.getByRole('textbox', { name: 'Username' })).not.toHaveValue('');
  await page.getByRole('textbox', { name: 'Email' }).fill('amara@example.org');
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery staple');
  await expectAccessible(page);
  await page.keyboard.press('Enter');
}

test('set-up to first message', { tag: '@smoke' }, async ({ page, fresh }) => {
  await firstSteps(page, fresh.url);
  await page.getByRole('button', { name: 'Start fresh' }).click();
  await page.getByRole('button', { name: /Skip|Open Parley|Not now/ }).first().click();
  const chat = new Chat(page);
  await expect(chat.feed('general')).toBeVisible();
  await chat.send('general', 'The first of many');
  await expect(chat.message('The first of many')).toHaveCount(1);
  await page.reload();
  await expect(chat.message('The first of many')).toHaveCount(1);
  await expectAccessible(page);
});

test('import with progress', { tag: '@import' }, async ({ page, fresh }) => {
  test.setTimeout(120_000);
  await firstSteps(page, fresh.url);
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: /Choose a Slack export/ }).click();
  await (await chooser).setFiles(archive);
  await expect(page.getByRole('progressbar')).toBeVisible();
  await expect(page.getByText(/25[.,]633 messages from \d+ channels are here/)).toBeVisible({ timeout: 90_000 });
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Open Parley' }).click();
  const chat = new Chat(page);
  await chat.openChannel('rust');
  await expect(chat.feed('rust').getByRole('article').first()).toBeVisible();
  await chat.send('rust', 'A reply to history');
  await expect(chat.message('A reply to history')).toHaveCount(1);
});
