import { getPins } from '@parley/shared/protocol/calls/pins';
import { expect, test } from '../fixtures/world.ts';
import { Chat } from '../pages/chat.ts';

/** What is one person's alone, on two devices: drafts, what is kept for later; and pins, which are everybody's. */

test('CMP-10 a draft goes on at the other device, and is gone there when it is sent', async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Berger')];
  const room = await world.channel('harbour', { members: [amara, tom] });
  const laptop = new Chat(await world.open(amara));
  const phone = new Chat(await world.open(amara));
  for (const chat of [laptop, phone]) await chat.openChannel(room.name);
  await laptop.composer(room.name).click();
  await laptop.page.keyboard.insertText('Half a thought');
  await expect(phone.composer(room.name)).toHaveText('Half a thought', { timeout: 15_000 });
  await phone.composer(room.name).click();
  await phone.page.keyboard.press('End');
  await phone.page.keyboard.insertText(' and the rest');
  await expect(laptop.composer(room.name)).toHaveText('Half a thought and the rest', { timeout: 15_000 });
  await laptop.composer(room.name).click();
  await laptop.page.keyboard.press('Enter');
  await expect(phone.message('Half a thought and the rest')).toHaveCount(1);
  await expect(phone.composer(room.name)).not.toContainText('Half a thought');
});

test('CMP-10 two texts of one place are both kept until one is chosen', async ({ world }) => {
  const amara = await world.person('Amara Okafor');
  const room = await world.channel('harbour', { members: [amara] });
  const laptop = new Chat(await world.open(amara));
  const phone = new Chat(await world.open(amara));
  for (const chat of [laptop, phone]) await chat.openChannel(room.name);
  await phone.goOffline();
  for (const [chat, text] of [[laptop, 'From the laptop'], [phone, 'From the phone']] as const) {
    await chat.composer(room.name).click();
    await chat.page.keyboard.insertText(text);
  }
  await expect(laptop.channelLink(room.name)).toBeVisible();
  await phone.goOnline();
  await expect(phone.page.getByText(/has another version of this draft/)).toBeVisible({ timeout: 20_000 });
  await expect(phone.composer(room.name)).toHaveText('From the phone');
  await phone.page.getByRole('button', { name: 'Show both' }).click();
  await expect(phone.page.getByText('From the laptop')).toBeVisible();
  await phone.page.getByRole('button', { name: 'Take that' }).click();
  await expect(phone.composer(room.name)).toHaveText('From the laptop');
  await phone.page.getByRole('button', { name: 'Undo' }).click();
  await expect(phone.composer(room.name)).toHaveText('From the phone');
  await expect(phone.page.getByText(/has another version of this draft/)).toBeVisible();
});

test('LTR-1 what is saved is finished on the other device', async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Berger')];
  const room = await world.channel('harbour', { members: [amara, tom] });
  await world.say(tom, room, 'Bring the key by noon');
  const laptop = new Chat(await world.open(amara));
  const phone = new Chat(await world.open(amara, { path: `/w/${world.workspaceId}/later` }));
  await laptop.openChannel(room.name);
  await laptop.more(laptop.message('Bring the key'), 'Save for later');
  const item = phone.page.getByRole('listitem').filter({ hasText: 'Bring the key by noon' });
  await expect(item).toBeVisible();
  await item.getByRole('button', { name: 'Note', exact: true }).click();
  await phone.page.getByRole('textbox', { name: 'Note' }).fill('In the blue box');
  await phone.page.keyboard.press('Enter');
  await expect(item.getByText('In the blue box')).toBeVisible();
  await item.getByRole('button', { name: 'Done', exact: true }).click();
  await expect(item).toHaveCount(0);
  await laptop.page.getByRole('link', { name: /^Later/ }).click();
  await laptop.page.getByRole('tab', { name: 'Done' }).click();
  await expect(laptop.page.getByRole('listitem').filter({ hasText: 'In the blue box' })).toBeVisible();
});

test('a pin is everybody\'s, and taken off it is gone', async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Berger')];
  const room = await world.channel('harbour', { members: [amara, tom] });
  await world.say(tom, room, 'The tide table');
  const chat = new Chat(await world.open(amara));
  await chat.openChannel(room.name);
  await chat.more(chat.message('The tide table'), 'Pin to channel');
  await expect(chat.message('The tide table').getByText('Pinned', { exact: true })).toBeVisible();
  await expect.poll(async () => (await tom.api.call(getPins, { channel_id: room.id })).items.length).toBe(1);
  await chat.page.goto(`${world.url}/w/${world.workspaceId}/c/${room.id}?panel=details&tab=pins`);
  const panel = chat.page.getByRole('complementary', { name: `Details of ${room.name}` });
  await expect(panel.getByText('The tide table')).toBeVisible();
  await panel.getByRole('button', { name: 'Unpin' }).click();
  await expect(panel.getByText('Nothing is pinned here yet.')).toBeVisible();
});

test('LAY-6 a channel is starred, and moved into a section of one\'s own, on both devices', async ({ world }) => {
  const amara = await world.person('Amara Okafor');
  const room = await world.channel('harbour', { members: [amara] });
  const laptop = new Chat(await world.open(amara));
  const phone = new Chat(await world.open(amara));
  const section = (chat: Chat, name: string) => chat.sidebar.getByRole('region', { name });
  await laptop.channelLink(room.name).click({ button: 'right' });
  await laptop.page.getByRole('menuitem', { name: 'Star' }).click();
  await expect(section(phone, 'Starred').getByRole('link', { name: room.name })).toBeVisible();
  await laptop.channelLink(room.name).click({ button: 'right' });
  await laptop.page.getByRole('menuitem', { name: 'Move to' }).click();
  await laptop.page.getByRole('menuitem', { name: 'New section…' }).click();
  await laptop.page.getByRole('textbox', { name: 'Name' }).fill('Work');
  await laptop.page.keyboard.press('Enter');
  await expect(section(phone, 'Work').getByRole('link', { name: room.name })).toBeVisible();
  await expect(section(phone, 'Starred')).toHaveCount(0);
});
