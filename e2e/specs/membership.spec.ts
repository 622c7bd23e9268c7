import { inviteToChannel, removeFromChannel } from '@parley/shared/protocol/calls/channels';
import { revokeDevice, getDevices } from '@parley/shared/protocol/calls/accounts';
import { expect, test } from '../fixtures/world.ts';
import { Chat } from '../pages/chat.ts';
import { expectAccessible } from '../support/accessibility.ts';

test('join and leave a public channel', { tag: '@two-people' }, async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Lindqvist')];
  const channel = await world.channel('lighthouse', { members: [amara] });
  await world.say(amara, channel, 'The lamp is lit');
  const chat = new Chat(await world.open(tom));
  await chat.page.getByRole('button', { name: 'Browse channels' }).or(chat.page.getByRole('link', { name: 'Browse channels' })).first().click();
  await expectAccessible(chat.page);
  await chat.page.getByRole('main').getByRole('link', { name: /lighthouse/ }).click();
  await expect(chat.message('The lamp is lit')).toBeVisible();
  await expect(chat.page.getByText('You are looking at #lighthouse.')).toBeVisible();
  await chat.page.getByRole('button', { name: 'Join', exact: true }).click();
  await chat.send('lighthouse', 'Here I am');
  await expect(chat.message('Here I am')).toHaveCount(1);
  await expect(chat.channelLink('lighthouse')).toBeVisible();
  await chat.page.getByRole('button', { name: /^lighthouse, details|Details of lighthouse|^lighthouse$/ }).first().click();
  await chat.page.getByRole('button', { name: 'Leave channel' }).click();
  const confirm = chat.page.getByRole('alertdialog').or(chat.page.getByRole('dialog'));
  if (await confirm.isVisible()) await confirm.getByRole('button', { name: /^Leave/ }).click();
  await expect(chat.channelLink('lighthouse')).toHaveCount(0);
});

test('removed from a private channel while it is open', { tag: ['@two-people', '@smoke'] }, async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Lindqvist')];
  const channel = await world.channel('smugglers', { private: true, members: [amara, tom] });
  await world.say(amara, channel, 'The chest is under the pier');
  const chat = new Chat(await world.open(tom));
  await chat.openChannel('smugglers');
  await expect(chat.message('The chest is under the pier')).toBeVisible();
  await world.owner.api.call(removeFromChannel, { channel_id: channel.id, user_ids: [tom.id] });
  await expect(chat.page.getByText('You no longer have access to #smugglers.')).toBeVisible();
  await expect(chat.message('The chest is under the pier')).toHaveCount(0);
  await expect(chat.channelLink('smugglers')).toHaveCount(0);

  await world.owner.api.call(inviteToChannel, { channel_id: channel.id, user_ids: [tom.id] });
  await expect(chat.channelLink('smugglers')).toBeVisible();
  await chat.openChannel('smugglers');
  await expect(chat.message('The chest is under the pier')).toBeVisible();
});

test('a session revoked while in use', { tag: '@smoke' }, async ({ world }) => {
  const tom = await world.person('Tom Lindqvist');
  const chat = new Chat(await world.open(tom));
  await chat.openChannel('general');
  await chat.composer('general').click();
  await chat.page.keyboard.insertText('not sent yet');
  await expect(chat.composer('general')).toContainText('not sent yet');
  const devices = await tom.api.call(getDevices, {});
  const browser = devices.items.find((d) => d.name !== 'set-up')!;
  await tom.api.call(revokeDevice, { device_id: browser.device_id });
  await expect(chat.page.getByText(/You were signed out of this device/)).toBeVisible();
  await expectAccessible(chat.page);
  await chat.page.getByRole('button', { name: 'Sign in' }).or(chat.page.getByRole('link', { name: 'Sign in' })).first().click();
  await world.signIn(chat.page, tom);
  await chat.openChannel('general');
  await expect(chat.composer('general')).toContainText('not sent yet');
});
