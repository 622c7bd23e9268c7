import { expect, test } from '../fixtures/world.ts';
import { Chat } from '../pages/chat.ts';
import { expectAccessible } from '../support/accessibility.ts';

test('two browsers chat live', { tag: ['@smoke', '@two-people'] }, async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Lindqvist')];
  const channel = await world.channel('harbour', { members: [amara, tom] });
  const [one, two] = [new Chat(await world.open(amara)), new Chat(await world.open(tom))];
  await one.openChannel(channel.name);
  await two.openChannel(channel.name);

  await one.send(channel.name, 'The ferry is late again');
  await expect(two.message('The ferry is late again')).toHaveCount(1);
  await two.send(channel.name, 'I can see it from **here**');
  await expect(one.message('I can see it from here')).toHaveCount(1);
  await expect(one.message('I can see it from here').locator('strong')).toHaveText('here');
  await expect(one.message('The ferry is late again')).toHaveCount(1);
  await expectAccessible(one.page);
});

test('typing is seen by the other', { tag: '@two-people' }, async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Lindqvist')];
  const channel = await world.channel('harbour', { members: [amara, tom] });
  const [one, two] = [new Chat(await world.open(amara)), new Chat(await world.open(tom))];
  await one.openChannel(channel.name);
  await two.openChannel(channel.name);
  await one.composer(channel.name).click();
  await one.page.keyboard.type('Hel');
  await expect(two.page.getByText('Amara Okafor is typing')).toBeVisible();
});

test('a direct message arrives with a number beside its name', { tag: '@two-people' }, async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Lindqvist')];
  const one = new Chat(await world.open(amara));
  const two = new Chat(await world.open(tom));
  await one.page.getByRole('button', { name: 'New message' }).click();
  const dialog = one.page.getByRole('dialog');
  await dialog.getByRole('combobox').fill('Tom');
  await dialog.getByRole('option', { name: /Tom Lindqvist/ }).click();
  await dialog.getByRole('button', { name: 'Open' }).click();
  await one.send('Tom Lindqvist', 'Are you on the quay?');
  await expect(two.sidebar.getByRole('link', { name: /^Amara Okafor, 1 unread/ })).toBeVisible();
});

test('edit, delete and reactions are seen live', { tag: ['@smoke', '@two-people'] }, async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Lindqvist')];
  const channel = await world.channel('harbour', { members: [amara, tom] });
  await world.say(amara, channel, 'Berth seven is tkaen');
  await world.say(amara, channel, 'Nobody needs to read this');
  const [one, two] = [new Chat(await world.open(amara)), new Chat(await world.open(tom))];
  await one.openChannel(channel.name);
  await two.openChannel(channel.name);

  await one.more(one.message('Berth seven is tkaen'), 'Edit');
  const editor = one.page.getByRole('textbox', { name: 'Edit message' });
  await expect(editor).toBeFocused();
  await one.page.keyboard.press('ControlOrMeta+a');
  await one.page.keyboard.insertText('Berth seven is taken');
  await one.page.keyboard.press('Enter');
  await expect(two.message('Berth seven is taken').getByText('(edited)')).toBeVisible();

  await two.act(two.message('Berth seven is taken'), 'React');
  await two.page.getByRole('dialog', { name: 'Emoji' }).getByRole('textbox').fill('anchor');
  await two.page.getByRole('gridcell', { name: /anchor/i }).first().click();
  await expect(one.message('Berth seven is taken').getByRole('button', { name: /1 anchor|⚓.*1/i })).toBeVisible();

  await one.more(one.message('Nobody needs to read this'), 'Delete');
  const confirm = one.page.getByRole('dialog').or(one.page.getByRole('alertdialog'));
  if (await confirm.isVisible()) await confirm.getByRole('button', { name: 'Delete' }).click();
  await expect(one.message('Nobody needs to read this')).toHaveCount(0);
  await expect(two.message('Nobody needs to read this')).toHaveCount(0, { timeout: 15_000 });
});

test('threads: a reply, its summary, and a place of its own', { tag: ['@smoke', '@two-people'] }, async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Lindqvist')];
  const channel = await world.channel('harbour', { members: [amara, tom] });
  await world.say(amara, channel, 'Who has the key of the crane?');
  const [one, two] = [new Chat(await world.open(amara)), new Chat(await world.open(tom))];
  await one.openChannel(channel.name);
  await two.openChannel(channel.name);

  await two.act(two.message('Who has the key of the crane?'), 'Reply in thread');
  await expect(two.page.getByRole('textbox', { name: 'Reply in thread' })).toBeFocused();
  await two.page.keyboard.insertText('It hangs in the office');
  await two.page.keyboard.press('Enter');
  await expect(two.message('It hangs in the office', two.thread(channel.name))).toBeVisible();

  await one.message('Who has the key of the crane?').getByRole('button', { name: /1 reply/ }).click();
  await expect(one.message('It hangs in the office', one.thread(channel.name))).toBeVisible();
  await expect(one.feed(channel.name).getByText('It hangs in the office')).toHaveCount(0);

  await two.page.getByRole('checkbox', { name: `Also send to #${channel.name}` }).check();
  await two.page.getByRole('textbox', { name: 'Reply in thread' }).click();
  await two.page.keyboard.insertText('Found it, thank you all');
  await two.page.keyboard.press('Enter');
  await expect(one.feed(channel.name).getByText('Found it, thank you all')).toBeVisible();
  await expectAccessible(one.page);
});
