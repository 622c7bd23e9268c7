import { archiveChannel } from '@parley/shared/protocol/calls/channels';
import { getMessages } from '@parley/shared/protocol/calls/messages';
import { remind, setPreference } from '@parley/shared/protocol/calls/personal';
import { scheduleMessage } from '@parley/shared/protocol/calls/scheduled';
import { randomUUID } from 'node:crypto';
import { expect, test } from '../fixtures/world.ts';
import { Chat } from '../pages/chat.ts';
import { expectAccessible } from '../support/accessibility.ts';

/** What happens later: messages at their time, reminders, and sends that can still be taken back; and messages that go on. */

const draftsPath = (workspaceId: string): string => `/w/${workspaceId}/drafts`;

test('CMP-14 a message is scheduled on one device, moved and taken back on the other', async ({ world }) => {
  const amara = await world.person('Amara Okafor');
  const room = await world.channel('harbour', { members: [amara] });
  const laptop = new Chat(await world.open(amara));
  const phone = new Chat(await world.open(amara, { path: draftsPath(world.workspaceId) }));
  await phone.page.getByRole('tab', { name: 'Scheduled' }).click();
  await expect(phone.page.getByText('Messages that are sent later wait here.')).toBeVisible();

  await laptop.openChannel(room.name);
  await laptop.composer(room.name).click();
  await laptop.page.keyboard.insertText('Good morning, harbour');
  const dialog = laptop.page.getByRole('dialog', { name: 'Send later' });
  await laptop.page.keyboard.press('Control+Shift+Enter');
  await expect(dialog).toBeVisible();
  await laptop.page.keyboard.press('Escape');
  await expect(laptop.composer(room.name)).toHaveText('Good morning, harbour');
  await laptop.page.getByRole('button', { name: 'More ways to send' }).click();
  await laptop.page.getByRole('menuitem', { name: 'Schedule…' }).click();
  await expect(dialog.getByText(/By the clock in Europe\/Berlin, GMT\+[12]/)).toBeVisible();
  await expectAccessible(laptop.page);
  await dialog.getByRole('button', { name: /^Tomorrow at 9:00/ }).click();
  await expect(laptop.composer(room.name)).not.toContainText('Good morning');
  await expect(laptop.page.getByText(/Will be sent on/)).toBeVisible();

  const item = phone.page.getByRole('listitem').filter({ hasText: 'Good morning, harbour' });
  await expect(item).toBeVisible();
  await expectAccessible(phone.page);
  await item.getByRole('button', { name: 'Change time' }).click();
  await phone.page.getByRole('dialog', { name: 'Change the time' }).getByRole('button', { name: /^In 1 hour/ }).click();
  await item.getByRole('button', { name: 'Edit' }).click();
  await phone.page.getByRole('textbox', { name: 'Text' }).fill('Good morning, everyone');
  await phone.page.getByRole('button', { name: 'Save' }).click();
  const changed = phone.page.getByRole('listitem').filter({ hasText: 'Good morning, everyone' });
  await changed.getByRole('button', { name: 'Delete' }).click();
  await expect(phone.page.getByText('Messages that are sent later wait here.')).toBeVisible();
  await phone.page.getByRole('button', { name: 'Undo' }).click();
  await expect(changed).toBeVisible();
  await changed.getByRole('button', { name: 'Delete' }).click();

  await laptop.page.goto(`${world.url}${draftsPath(world.workspaceId)}`);
  await laptop.page.getByRole('tab', { name: 'Scheduled' }).click();
  await expect(laptop.page.getByText('Messages that are sent later wait here.')).toBeVisible();
  const { messages } = await amara.api.call(getMessages, { channel_id: room.id });
  expect(messages.filter((m) => m.kind === 'text')).toEqual([]);
});

test('CMP-14 a scheduled message comes at its time though its author is away, and stands among the sent ones @two-people', async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Berger')];
  const room = await world.channel('harbour', { members: [amara, tom] });
  const chat = new Chat(await world.open(tom));
  await chat.openChannel(room.name);
  await amara.api.call(scheduleMessage, { channel_id: room.id, content: 'The tide turns now', client_msg_id: randomUUID(), send_at: Date.now() + 1_500 });
  await expect(chat.message('The tide turns now')).toHaveCount(1);
  // And by hand, from the list.
  await amara.api.call(scheduleMessage, { channel_id: room.id, content: 'Not before noon', client_msg_id: randomUUID(), send_at: Date.now() + 3_600_000 });
  const drafts = (await world.open(amara, { path: draftsPath(world.workspaceId) }));
  await drafts.getByRole('tab', { name: 'Scheduled 1' }).click();
  await drafts.getByRole('listitem').filter({ hasText: 'Not before noon' }).getByRole('button', { name: 'Send now' }).click();
  await expect(chat.message('Not before noon')).toHaveCount(1);
  await expect(drafts.getByText('Messages that are sent later wait here.')).toBeVisible();
  await expect(async () => {
    await drafts.getByRole('tab', { name: 'Drafts' }).click();
    await drafts.getByRole('tab', { name: 'Sent' }).click();
    await expect(drafts.getByRole('listitem').filter({ hasText: 'Not before noon' })).toBeVisible({ timeout: 1_000 });
  }).toPass();
  await expectAccessible(drafts);
});

test('NTF-1 what cannot be sent any more is a draft again, and Activity says so', async ({ world }) => {
  const amara = await world.person('Amara Okafor');
  const room = await world.channel('harbour', { members: [amara] });
  const page = await world.open(amara, { path: draftsPath(world.workspaceId) });
  await amara.api.call(scheduleMessage, { channel_id: room.id, content: 'See you at the quay', client_msg_id: randomUUID(), send_at: Date.now() + 3_600_000 });
  await page.getByRole('tab', { name: 'Scheduled 1' }).click();
  await world.owner.api.call(archiveChannel, { channel_id: room.id });
  const item = page.getByRole('listitem').filter({ hasText: 'See you at the quay' });
  await item.getByRole('button', { name: 'Send now' }).click();
  await expect(item.getByText(/^Not sent/)).toContainText('you can no longer post here.');
  await page.getByRole('tab', { name: 'Drafts' }).click();
  await expect(page.getByRole('listitem').filter({ hasText: 'See you at the quay' })).toBeVisible();
  await page.getByRole('link', { name: /^Activity/ }).click();
  const entry = page.getByRole('main').getByRole('listitem').filter({ hasText: 'Your scheduled message to harbour could not be sent' });
  await expect(entry).toContainText('See you at the quay');
  await entry.getByRole('link').click();
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await expect(page.getByText('Messages that are sent later wait here.')).toBeVisible();
});

test('CMP-14 undo send: the text comes back with its caret; what is not taken back goes, a reload in between or not', async ({ world }) => {
  const amara = await world.person('Amara Okafor');
  const room = await world.channel('harbour', { members: [amara] });
  await amara.api.call(setPreference, { key: 'undo_send', value: 30 });
  const chat = new Chat(await world.open(amara));
  await chat.openChannel(room.name);
  await expect(chat.page.locator('[contenteditable=true]')).toBeVisible();
  await chat.composer(room.name).click();
  await chat.page.keyboard.insertText('See you at nine');
  for (let i = 0; i < 4; i += 1) await chat.page.keyboard.press('ArrowLeft');
  await chat.page.keyboard.press('Enter');
  const row = chat.message('See you at nine');
  await expect(row.getByText(/Sends in \d+ s/)).toBeVisible();
  await expectAccessible(chat.page);
  await expect(chat.composer(room.name)).not.toContainText('See you');
  await chat.page.keyboard.press('Control+z');
  await expect(row).toHaveCount(0);
  await expect(chat.composer(room.name)).toHaveText('See you at nine');
  await chat.page.keyboard.insertText('half past ');
  await expect(chat.composer(room.name)).toHaveText('See you at half past nine');

  await chat.page.keyboard.press('Enter');
  const changed = chat.message('See you at half past nine');
  await expect(changed.getByText(/Sends in \d+ s/)).toBeVisible();
  await chat.page.reload();
  await expect(changed.getByText(/Sends in \d+ s/)).toBeVisible();
  await changed.getByRole('button', { name: 'Undo' }).click();
  await expect(chat.composer(room.name)).toHaveText('See you at half past nine');
  const sent = async () => (await amara.api.call(getMessages, { channel_id: room.id })).messages.filter((m) => m.kind === 'text').map((m) => m.content);
  expect(await sent()).toEqual([]);

  await amara.api.call(setPreference, { key: 'undo_send', value: 5 });
  await chat.page.goto(`${world.url}/preferences/messages`);
  await expect(chat.page.getByRole('combobox', { name: 'Undo send' })).toHaveValue('5');
  await chat.page.goto(`${world.url}/w/${world.workspaceId}/c/${room.id}`);
  await expect(chat.composer(room.name)).toHaveText('See you at half past nine');
  await chat.composer(room.name).click();
  await chat.page.keyboard.press('Enter');
  await expect(changed.getByText(/Sends in \d+ s/)).toBeVisible();
  await chat.page.reload();
  await expect.poll(sent, { timeout: 20_000 }).toEqual(['See you at half past nine']);
  await expect(changed).toHaveCount(1);
});

test('LST-32 a message goes on with a comment; who may not see the original learns nothing of it @two-people', async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Berger')];
  const vault = await world.channel('vault', { private: true, members: [amara] });
  const room = await world.channel('harbour', { members: [amara, tom] });
  await world.say(amara, vault, 'The treasure lies under the pier');
  const chat = new Chat(await world.open(amara));
  await chat.openChannel(vault.name);
  await chat.message('The treasure').hover();
  await chat.message('The treasure').focus();
  await chat.page.keyboard.press('f');
  const dialog = chat.page.getByRole('dialog', { name: 'Forward a message' });
  await expect(dialog.getByText('The treasure lies under the pier')).toBeVisible();
  await dialog.getByRole('combobox', { name: 'To' }).fill('harb');
  await chat.page.keyboard.press('Enter');
  await expect(dialog.getByText('Only people in vault will see the message.')).toBeVisible();
  await dialog.getByRole('textbox', { name: 'Comment (optional)' }).fill('You should know');
  await expectAccessible(chat.page);
  await dialog.getByRole('button', { name: 'Forward' }).click();
  await chat.page.getByRole('button', { name: 'Open', exact: true }).click();
  await expect(chat.message('You should know')).toHaveCount(1);

  const other = new Chat(await world.open(tom));
  await other.openChannel(room.name);
  await expect(other.message('You should know')).toHaveCount(1);
  const { messages } = await tom.api.call(getMessages, { channel_id: room.id });
  const told = JSON.stringify(messages);
  expect(told).toContain(`/c/${vault.id}/m/`);
  for (const secret of ['treasure', 'pier', 'vault"']) expect(told).not.toContain(secret);
  await expect(other.page.getByText('treasure')).toHaveCount(0);
});

test('LTR-1 a reminder: by M, on both devices, due in Activity, and put off', async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Berger')];
  const room = await world.channel('harbour', { members: [amara, tom] });
  await world.say(tom, room, 'Pay the berth');
  const { message_id } = await world.say(tom, room, 'Check the lines');
  const laptop = new Chat(await world.open(amara));
  const phone = new Chat(await world.open(amara, { path: `/w/${world.workspaceId}/later` }));
  await laptop.openChannel(room.name);
  await laptop.message('Pay the berth').focus();
  await laptop.page.keyboard.press('m');
  await laptop.page.getByRole('dialog', { name: 'Remind me' }).getByRole('button', { name: /^In 3 hours/ }).click();
  await expect(laptop.page.getByText(/^You will be reminded/)).toBeVisible();
  await expect(phone.page.getByRole('listitem').filter({ hasText: 'Pay the berth' }).getByText(/^Due /)).toBeVisible();

  await amara.api.call(remind, { message_id, at: Date.now() + 1_000 });
  await laptop.page.getByRole('link', { name: /^Activity/ }).click();
  const entry = laptop.page.getByRole('main').getByRole('listitem').filter({ hasText: 'Reminder from harbour' });
  await expect(entry).toContainText('Check the lines');
  const due = phone.page.getByRole('listitem').filter({ hasText: 'Check the lines' });
  await expect(due.getByText(/^Overdue since/)).toBeVisible();
  await due.getByRole('button', { name: 'Remind me again' }).click();
  await phone.page.getByRole('menuitem', { name: 'Tomorrow at 9:00' }).click();
  await expect(due.getByText(/^Due /)).toBeVisible();
  await due.getByRole('button', { name: 'Done', exact: true }).click();
  await expect(due).toHaveCount(0);
});
