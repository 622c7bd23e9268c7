import { expect, test } from '../fixtures/world.ts';
import { Chat } from '../pages/chat.ts';
import { expectAccessible } from '../support/accessibility.ts';

test('a channel, a message, a reaction and a thread by keyboard alone', { tag: '@keyboard' }, async ({ world }) => {
  const amara = await world.person('Amara Okafor');
  const channel = await world.channel('harbour', { members: [amara] });
  const chat = new Chat(await world.open(amara));
  const { keyboard } = chat.page;
  await expect(chat.composer('general')).toBeFocused();

  await keyboard.press('ControlOrMeta+k');
  await expect(chat.page.getByRole('combobox', { name: 'Find channels, people and commands' })).toBeFocused();
  await expectAccessible(chat.page);
  await keyboard.type('harb');
  await expect(chat.page.getByRole('option', { name: /harbour/ }).first()).toBeVisible();
  await keyboard.press('Enter');
  await expect(chat.feed(channel.name)).toBeVisible();
  await expect(chat.composer(channel.name)).toBeFocused();

  await keyboard.type('Typed without a mouse');
  await keyboard.press('Enter');
  const row = chat.message('Typed without a mouse');
  await expect(row).toHaveCount(1);
  await expect(chat.composer(channel.name)).toBeFocused();

  await keyboard.press('Alt+F6');
  await expect(row).toBeFocused();
  await keyboard.press('r');
  const picker = chat.page.getByRole('dialog', { name: 'Emoji' });
  await expect(picker.getByRole('textbox')).toBeFocused();
  await expectAccessible(chat.page);
  await keyboard.type('anchor');
  await expect(picker.getByRole('gridcell', { name: 'anchor' })).toHaveAttribute('aria-selected', 'true');
  await keyboard.press('Enter');
  await expect(row.getByRole('button', { name: '1 anchor, yours included' })).toBeVisible();

  await keyboard.press('Alt+F6');
  await expect(row).toBeFocused();
  await keyboard.press('t');
  await expect(chat.page.getByRole('textbox', { name: 'Reply in thread' })).toBeFocused();
  await keyboard.type('And a reply');
  await keyboard.press('Enter');
  await expect(chat.message('And a reply', chat.thread(channel.name))).toBeVisible();
  await keyboard.press('Escape');
  await expect(chat.thread(channel.name)).toHaveCount(0);
  await expect(row.getByRole('button', { name: /1 reply/ })).toBeVisible();
});
