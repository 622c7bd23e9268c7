import { expect, test } from '../fixtures/world.ts';
import { expectAccessible } from '../support/accessibility.ts';
import { Chat } from '../pages/chat.ts';

/** A picture of a workspace's own, live in everybody's picker, messages and reactions. */

const PIXEL = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

test('CMP-16 LST-27 an emoji added by one is in the other\'s picker, a message and a reaction, and shows its name once removed @two-people', async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Berger')];
  const room = await world.channel('harbour', { members: [amara, tom] });
  await world.say(tom, room, 'The boat is back');
  const adder = new Chat(await world.open(amara));
  const other = new Chat(await world.open(tom, { colorScheme: 'dark' }));
  await adder.openChannel(room.name);
  await other.openChannel(room.name);

  await adder.page.getByRole('button', { name: 'Emoji', exact: true }).click();
  await adder.page.getByRole('button', { name: 'Add emoji' }).click();
  const dialog = adder.page.getByRole('dialog', { name: 'Custom emoji' });
  await dialog.getByLabel('Picture', { exact: true }).setInputFiles({ name: 'Tada.png', mimeType: 'image/png', buffer: PIXEL });
  await expect(dialog.getByText(':tada: is an emoji that everybody has.')).toBeVisible();
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Blue Boat');
  await expect(dialog.getByRole('textbox', { name: 'Name' })).toHaveValue('blue_boat');
  await dialog.getByLabel('Picture', { exact: true }).setInputFiles({ name: 'no.png', mimeType: 'image/png', buffer: Buffer.from('<svg/>') });
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(dialog.getByRole('alert')).toContainText('no picture that can be read');
  await dialog.getByLabel('Picture', { exact: true }).setInputFiles({ name: 'boat.png', mimeType: 'image/png', buffer: PIXEL });
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(dialog.getByRole('list', { name: 'Custom emoji' }).getByText(':blue_boat:')).toBeVisible();
  await expectAccessible(adder.page);
  await adder.page.keyboard.press('Escape');

  // Suggested and shown as a picture here, without a reload there.
  await adder.composer(room.name).click();
  await adder.page.keyboard.type('On the :blue');
  await expect(adder.page.getByRole('option', { name: ':blue_boat:' })).toBeVisible();
  await adder.page.keyboard.press('Enter');
  await adder.page.keyboard.type('now');
  await adder.page.keyboard.press('Enter');
  const picture = (chat: Chat) => chat.message('now').getByRole('img', { name: ':blue_boat:' });
  for (const chat of [adder, other]) {
    await expect(picture(chat)).toBeVisible();
    await expect.poll(() => picture(chat).evaluate((img) => (img as HTMLImageElement).naturalWidth)).toBe(1);
  }

  await other.act(other.message('The boat is back'), 'React');
  const picker = other.page.getByRole('grid', { name: 'Emoji' });
  await expect(picker.getByRole('rowheader', { name: 'Custom' })).toBeVisible();
  await expectAccessible(other.page);
  await picker.getByRole('gridcell', { name: 'blue_boat' }).click();
  const reaction = (chat: Chat) => chat.message('The boat is back').getByRole('button', { name: /blue_boat/ });
  for (const chat of [adder, other]) await expect(reaction(chat).getByRole('img', { name: ':blue_boat:' })).toBeVisible();

  await adder.page.getByRole('button', { name: 'Emoji', exact: true }).click();
  await adder.page.getByRole('button', { name: 'Add emoji' }).click();
  await dialog.getByRole('button', { name: 'Remove :blue_boat:' }).click();
  await dialog.getByRole('button', { name: 'Remove :blue_boat: for everybody?' }).click();
  await expect(dialog.getByText('No custom emoji yet.')).toBeVisible();
  await expect(other.message('now')).toContainText(':blue_boat:');
  await expect(reaction(other)).toContainText(':blue_boat:');
  await expect(picture(other)).toHaveCount(0);
});
