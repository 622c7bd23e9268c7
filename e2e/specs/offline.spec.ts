import { getMessages } from '@parley/shared/protocol/calls/messages';
import { expect, test } from '../fixtures/world.ts';
import { Chat } from '../pages/chat.ts';

test('written offline, reloaded, sent exactly once on return', { tag: ['@offline', '@smoke', '@two-people'] }, async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Lindqvist')];
  const channel = await world.channel('harbour', { members: [amara, tom] });
  await world.say(tom, channel, 'Read me without a network');
  const chat = new Chat(await world.open(amara));
  await chat.openChannel(channel.name);
  await expect(chat.message('Read me without a network')).toBeVisible();
  await chat.page.evaluate(() => navigator.serviceWorker.ready);

  await chat.goOffline();
  await chat.send(channel.name, 'Written between two islands');
  await expect(chat.message('Written between two islands')).toHaveCount(1);
  await chat.composer(channel.name).click();
  await chat.page.keyboard.insertText('half a thou');
  await expect(chat.composer(channel.name)).toContainText('half a thou');

  await chat.page.reload();
  await expect(chat.message('Read me without a network')).toBeVisible();
  await expect(chat.message('Written between two islands')).toHaveCount(1);
  await expect(chat.composer(channel.name)).toContainText('half a thou');
  await expect(chat.page.getByText('Offline', { exact: true })).toBeVisible();

  await chat.goOnline();
  await expect(chat.page.getByText('Offline', { exact: true })).toHaveCount(0);
  await expect
    .poll(async () => (await tom.api.call(getMessages, { channel_id: channel.id })).messages.filter((m) => m.content === 'Written between two islands').length)
    .toBe(1);
  await expect(chat.message('Written between two islands')).toHaveCount(1);
});
