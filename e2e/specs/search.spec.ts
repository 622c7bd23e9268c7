import { search } from '@parley/shared/protocol/calls/search';
import { expect, test } from '../fixtures/world.ts';
import { Chat } from '../pages/chat.ts';
import { expectAccessible } from '../support/accessibility.ts';

const found = (chat: Chat) => chat.page.getByRole('complementary', { name: 'Search results' });
const field = (chat: Chat) => chat.page.getByRole('combobox', { name: 'Search messages' });
const hits = (chat: Chat) => found(chat).getByRole('list', { name: 'Search results' }).getByRole('button');

test('SRC-1 SRC-2 search and back', { tag: ['@search', '@smoke', '@two-people'] }, async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Lindqvist')];
  const harbour = await world.channel('harbour', { members: [amara, tom] });
  const pier = await world.channel('pier', { members: [amara, tom] });
  await world.say(amara, pier, 'The **lantern** of Müller hangs here');
  for (let i = 0; i < 60; i++) await world.say(tom, pier, `Tide table ${i}`);
  const root = await world.say(tom, harbour, 'Who has oil?');
  await world.say(amara, harbour, 'The lantern oil is with me', root.message_id);
  const chat = new Chat(await world.open(tom));
  await chat.openChannel('harbour');

  await chat.page.keyboard.press('Control+g');
  await expect(field(chat)).toBeFocused();
  await expect(chat.page).toHaveURL(/\/search\?q=$/);
  await expectAccessible(chat.page);
  await chat.page.keyboard.type('lantern');
  await expect(hits(chat)).toHaveCount(2);
  await expect(found(chat).locator('mark').first()).toHaveText('lantern');
  await expect(found(chat).getByRole('tab', { name: 'Messages 2' })).toBeVisible();
  await expect(chat.page).toHaveURL(/\/search\?q=lantern$/);
  await expectAccessible(chat.page);

  // Up and Down step; Enter shows the message in its channel, and the results stay.
  await chat.page.keyboard.press('Enter');
  await chat.page.keyboard.press('ArrowDown');
  await expect(hits(chat).first()).toBeFocused();
  await chat.page.keyboard.press('ArrowDown');
  await expect(hits(chat).nth(1)).toBeFocused();
  await chat.page.keyboard.press('Enter');
  await expect(chat.feed('pier')).toBeVisible();
  await expect(chat.message('of Müller hangs here', chat.feed('pier'))).toBeVisible();
  await expect(hits(chat)).toHaveCount(2);
  await expect(hits(chat).nth(1)).toHaveAttribute('aria-current', 'true');
  await chat.page.goBack();
  await expect(chat.page).toHaveURL(/\/search\?q=lantern$/);
  await expect(hits(chat).nth(1)).toHaveAttribute('tabindex', '0');

  // A reply opens in its thread; closing that shows the results again.
  await hits(chat).first().click();
  await expect(chat.thread('harbour')).toBeVisible();
  await expect(chat.message('The lantern oil is with me', chat.thread('harbour'))).toBeVisible();
  await chat.thread('harbour').getByRole('button', { name: 'Close thread' }).click();
  await expect(hits(chat)).toHaveCount(2);

  // The address alone shows the same.
  await chat.page.goto(`/w/${world.workspaceId}/search?q=mueller`);
  await expect(hits(chat)).toHaveCount(1);
  await expect(found(chat).locator('mark')).toHaveText('Müller');
});

test('SRC-1 filters become chips, with suggestions, in one channel and by one person', { tag: ['@search', '@two-people'] }, async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Lindqvist')];
  const harbour = await world.channel('harbour', { members: [amara, tom] });
  const pier = await world.channel('pier', { members: [amara, tom] });
  for (const channel of [harbour, pier]) for (const by of [amara, tom]) await world.say(by, channel, `rope for ${channel.name} by ${by.name}`);
  const chat = new Chat(await world.open(tom));
  await chat.openChannel('harbour');
  await chat.page.keyboard.press('Control+f');
  await expect(field(chat)).toBeFocused();
  await expect(found(chat).getByRole('list', { name: 'Filters' }).getByRole('listitem')).toHaveText(['in:harbour']);
  await chat.page.keyboard.type('rope');
  await expect(hits(chat)).toHaveCount(2);
  await chat.page.keyboard.type(' from:ama');
  const options = chat.page.getByRole('listbox').getByRole('option');
  await expect(options.filter({ hasText: 'Amara Okafor' })).toBeVisible();
  await expectAccessible(chat.page);
  await chat.page.keyboard.press('ArrowDown');
  await chat.page.keyboard.press('Enter');
  await expect(found(chat).getByRole('list', { name: 'Filters' }).getByRole('listitem')).toHaveCount(2);
  await expect(hits(chat)).toHaveCount(1);
  await expect(hits(chat).first()).toContainText('rope for harbour by Amara Okafor');

  await found(chat).getByRole('button', { name: 'Remove in:harbour' }).click();
  await expect(hits(chat)).toHaveCount(2);
  await found(chat).getByRole('tab', { name: /^Channels/ }).click();
  await expect(found(chat).getByText('Nothing was found')).toBeVisible();
  await found(chat).getByRole('button', { name: 'Close search' }).click();
  await expect(found(chat)).toHaveCount(0);
  await chat.page.keyboard.press('Control+g');
  await expect(chat.page.getByRole('listbox', { name: 'Recent searches' }).getByRole('option').first()).toContainText('in:harbour');
});

test('SRC-2 offline, this device is searched', { tag: ['@search', '@offline'] }, async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Lindqvist')];
  const harbour = await world.channel('harbour', { members: [amara, tom] });
  await world.say(amara, harbour, 'The anchor of foo.barBaz 北京大学');
  const chat = new Chat(await world.open(tom));
  await chat.openChannel('harbour');
  await expect(chat.message('The anchor')).toBeVisible();
  await chat.page.evaluate(() => navigator.serviceWorker.ready);
  await chat.page.keyboard.press('Control+g');
  await expect(field(chat)).toBeFocused();
  await chat.goOffline();
  for (const words of ['anchor', 'baz', '北京']) {
    await field(chat).fill(words);
    await expect(hits(chat)).toHaveCount(1);
    await expect(found(chat).getByText('From this device. Connect to search everything.')).toBeVisible();
  }
  await expectAccessible(chat.page);
  await field(chat).fill('nowhere to be found');
  await expect(found(chat).getByText('Nothing was found for')).toBeVisible();
  await field(chat).fill('anchor');
  await expect(hits(chat)).toHaveCount(1);
  await chat.goOnline();
  await expect(found(chat).getByText('From this device.')).toHaveCount(0);
  await expect(hits(chat)).toHaveCount(1);
});

test('no hit comes from a private channel of others', { tag: ['@search', '@two-people', '@smoke'] }, async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Lindqvist')];
  const cave = await world.channel('cave', { private: true, members: [amara] });
  const harbour = await world.channel('harbour', { members: [amara, tom] });
  await world.say(amara, cave, 'The contraband is in the cave');
  await world.say(amara, harbour, 'No contraband in sight');
  // Found by who may: so the index has it.
  await expect.poll(async () => (await amara.api.call(search, { workspace_id: world.workspaceId, q: 'contraband' })).items.length).toBe(2);
  const chat = new Chat(await world.open(tom, { path: `/w/${world.workspaceId}/search?q=contraband` }));
  await expect(hits(chat)).toHaveCount(1);
  await expect(hits(chat).first()).toContainText('No contraband in sight');
  await field(chat).fill('contraband in:cave ');
  await expect(found(chat).getByText('Nothing was found for')).toBeVisible();
});
