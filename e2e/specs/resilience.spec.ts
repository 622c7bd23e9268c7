import { getMessages } from '@parley/shared/protocol/calls/messages';
import { setUp } from '@parley/shared/protocol/calls/accounts';
import { getChannels } from '@parley/shared/protocol/calls/channels';
import { test as plain } from '@playwright/test';
import { expect, test } from '../fixtures/world.ts';
import { Chat } from '../pages/chat.ts';
import { Api } from '../support/api.ts';
import { startServer } from '../support/server.ts';

test('two tabs of one account: the second goes on when the first is closed', { tag: ['@tabs', '@two-people'] }, async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Lindqvist')];
  const channel = await world.channel('harbour', { members: [amara, tom] });
  const first = new Chat(await world.open(amara));
  await first.openChannel(channel.name);
  const second = new Chat(await first.page.context().newPage());
  await second.page.goto(first.page.url());
  await expect(second.feed(channel.name)).toBeVisible();

  await second.send(channel.name, 'From the second tab');
  await expect(first.message('From the second tab')).toHaveCount(1);
  await world.say(tom, channel, 'Seen by both');
  for (const tab of [first, second]) await expect(tab.message('Seen by both')).toHaveCount(1);

  await first.page.close();
  await world.say(tom, channel, 'Seen by the one that is left');
  await expect(second.message('Seen by the one that is left')).toHaveCount(1);
  await second.send(channel.name, 'Still here');
  await expect.poll(async () => (await tom.api.call(getMessages, { channel_id: channel.id })).messages.filter((m) => m.content === 'Still here').length).toBe(1);
  await expect(second.message('Still here')).toHaveCount(1);
});

test('a permalink opened cold shows the message in its place', { tag: '@smoke' }, async ({ world }) => {
  const amara = await world.person('Amara Okafor');
  const channel = await world.channel('harbour', { members: [amara] });
  const said: { message_id: string }[] = [];
  for (let n = 1; n <= 160; n++) said.push(await world.say(amara, channel, `Line ${n}.`));
  const chat = new Chat(await world.open(amara, { path: `/w/${world.workspaceId}/c/${channel.id}/m/${said[19]!.message_id}` }));
  await expect(chat.message('Line 20.')).toBeInViewport();
  await expect(chat.message('Line 21.')).toBeInViewport();
  await expect(chat.message('Line 160.')).toHaveCount(0);
  await chat.page.getByRole('button', { name: /Latest/ }).click();
  await expect(chat.message('Line 160.')).toBeInViewport();
});

test('a part of the page that cannot be fetched takes nothing down, and comes once it can', { tag: '@faults' }, async ({ world }) => {
  const amara = await world.person('Amara Okafor');
  const channel = await world.channel('harbour', { members: [amara] });
  const page = await world.open(amara, { path: '/' });
  await page.context().route('**/assets/drop-target-*.js', (route) => route.abort());
  const refused = page.waitForEvent('requestfailed', (request) => request.url().includes('/drop-target-'));
  await page.goto(`${new URL(page.url()).origin}/w/${world.workspaceId}/c/${channel.id}`);
  const chat = new Chat(page);
  await expect(chat.feed(channel.name)).toBeVisible();
  await refused;
  await chat.send(channel.name, 'Said without it');
  await expect(chat.message('Said without it')).toHaveCount(1);
  const came = page.waitForEvent('requestfinished', (request) => request.url().includes('/drop-target-'));
  await page.context().unroute('**/assets/drop-target-*.js');
  await came;
  await expect(chat.composer(channel.name)).toBeVisible();
});

test('an address one may not see says so', { tag: '@two-people' }, async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Lindqvist')];
  const secret = await world.channel('smugglers', { private: true, members: [amara] });
  const page = await world.open(tom, { path: `/w/${world.workspaceId}/c/${secret.id}` });
  await expect(page.getByText('This does not exist, or you do not have access to it.')).toBeVisible();
});

const PASSWORD = 'correct horse battery staple';

plain('the server is killed while messages are sent, and each is there once', { tag: '@faults' }, async ({ page }) => {
  const server = await startServer();
  try {
    const owner = await new Api(server.url).call(setUp, { workspace_name: 'Harbour Labs', username: 'amara', display_name: 'Amara Okafor', email: 'amara@example.org', password: PASSWORD });
    const api = new Api(server.url, owner.token);
    const general = (await api.call(getChannels, { workspace_id: owner.workspace!.id })).items.find((c) => c.name === 'general')!;
    await page.goto(server.url);
    await page.getByRole('textbox', { name: 'Email or username' }).fill('amara');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    const chat = new Chat(page);
    await expect(chat.feed('general')).toBeVisible();

    const texts = Array.from({ length: 6 }, (_, n) => `Through the storm ${n}.`);
    await chat.send('general', texts[0]!);
    await chat.send('general', texts[1]!);
    await Promise.all([chat.send('general', texts[2]!), server.stop('SIGKILL')]);
    for (const text of texts.slice(3)) await chat.send('general', text);
    for (const text of texts) await expect(chat.message(text)).toHaveCount(1);
    await server.start();

    const stored = async () => (await api.call(getMessages, { channel_id: general.id })).messages.filter((m) => m.content.startsWith('Through')).map((m) => m.content);
    await expect.poll(stored, { timeout: 20_000 }).toEqual(texts);
    for (const text of texts) await expect(chat.message(text)).toHaveCount(1);
    await expect(chat.channelLink('general')).toHaveAccessibleName('general');
  } finally {
    await server.dispose();
  }
});
