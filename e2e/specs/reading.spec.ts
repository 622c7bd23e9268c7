import { expect, test } from '../fixtures/world.ts';
import { Chat } from '../pages/chat.ts';

test('reading on one device clears the other', { tag: ['@smoke', '@two-people'] }, async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Lindqvist')];
  const channel = await world.channel('harbour', { members: [amara, tom] });
  const general = await world.general();
  const [desk, phone] = [new Chat(await world.open(tom)), new Chat(await world.open(tom))];
  await desk.openChannel(general.name);
  await phone.openChannel(general.name);
  await world.say(amara, channel, `Look at this, <@${tom.id}>`);
  await world.say(amara, channel, 'and at that');

  for (const device of [desk, phone]) await expect(device.sidebar.getByRole('link', { name: /^harbour, 2 unread, 1 mention/ })).toBeVisible();
  await desk.openChannel(channel.name);
  await expect(phone.sidebar.getByRole('link', { name: 'harbour', exact: true })).toBeVisible();
  await expect(desk.sidebar.getByRole('link', { name: 'harbour', exact: true })).toBeVisible();
});

test('mark unread holds on every device', { tag: '@two-people' }, async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Lindqvist')];
  const channel = await world.channel('harbour', { members: [amara, tom] });
  for (const text of ['first', 'second', 'third']) await world.say(amara, channel, `the ${text} tide`);
  const [desk, phone] = [new Chat(await world.open(tom)), new Chat(await world.open(tom))];
  await phone.openChannel((await world.general()).name);
  await desk.openChannel(channel.name);
  await expect(phone.channelLink('harbour')).toHaveAccessibleName('harbour');

  await desk.more(desk.message('the second tide'), 'Mark unread from here');
  await expect(phone.sidebar.getByRole('link', { name: /^harbour, 2 unread/ })).toBeVisible();
  await expect(desk.sidebar.getByRole('link', { name: /^harbour, 2 unread/ })).toBeVisible();
  // It stays unread while one goes on looking at it, until the channel is left.
  await desk.openChannel((await world.general()).name);
  await expect(desk.sidebar.getByRole('link', { name: /^harbour, 2 unread/ })).toBeVisible();
});

test('RED-6 all channels are marked read at once, and taken back on every device', { tag: '@two-people' }, async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Lindqvist')];
  const rooms = [await world.channel('harbour', { members: [amara, tom] }), await world.channel('lighthouse', { members: [amara, tom] })];
  for (const room of rooms) await world.say(amara, room, 'the tide turns');
  const general = await world.general();
  const [desk, phone] = [new Chat(await world.open(tom)), new Chat(await world.open(tom))];
  await phone.openChannel(general.name);
  await desk.openChannel(general.name);
  const unread = (device: Chat, name: string) => device.sidebar.getByRole('link', { name: new RegExp(`^${name}, 1 unread`) });
  for (const name of ['harbour', 'lighthouse']) await expect(unread(desk, name)).toBeVisible();

  await desk.page.keyboard.press('Shift+Escape');
  await desk.page.getByRole('dialog', { name: 'Mark 2 channels read?' }).getByRole('button', { name: 'Mark as read' }).click();
  for (const device of [desk, phone]) for (const name of ['harbour', 'lighthouse']) await expect(device.sidebar.getByRole('link', { name, exact: true })).toBeVisible();

  await desk.page.getByRole('button', { name: 'Undo' }).click();
  for (const device of [desk, phone]) for (const name of ['harbour', 'lighthouse']) await expect(unread(device, name)).toBeVisible();
});
