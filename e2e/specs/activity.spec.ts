import { openDm } from '@parley/shared/protocol/calls/channels';
import { react } from '@parley/shared/protocol/calls/messages';
import { sync } from '@parley/shared/protocol/calls/reading';
import { expect, test } from '../fixtures/world.ts';
import { expectAccessible } from '../support/accessibility.ts';
import { Chat } from '../pages/chat.ts';

/** What needs one, in one place; and gone from there once it was read anywhere. */

test('ACT-1 a mention, a reply and a reaction come to Activity, and reading on the other device clears them @two-people', async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Berger')];
  const room = await world.channel('harbour', { members: [amara, tom] });
  const question = await world.say(amara, room, 'Who has the key?');
  await world.say(amara, room, 'And who has the boat?');
  const laptop = new Chat(await world.open(amara, { path: `/w/${world.workspaceId}/activity` }));
  const phone = new Chat(await world.open(amara, { path: `/w/${world.workspaceId}/browse` }));
  // Being added to the channel is the first of it.
  const items = laptop.page.getByRole('main').getByRole('listitem');
  await expect(items.filter({ hasText: 'added you to harbour' })).toBeVisible();
  await laptop.page.getByRole('button', { name: 'Mark all read' }).click();
  await expect(laptop.page.getByRole('button', { name: 'Mark all read' })).toHaveCount(0);

  await world.say(tom, room, `<@${amara.id}> have you seen it?`);
  const reply = await world.say(tom, room, 'On the hook', question.message_id);
  await tom.api.call(react, { message_id: question.message_id, emoji: '👍' });
  await expect(items.filter({ hasText: 'Tom Berger mentioned you in harbour' })).toContainText('have you seen it?');
  await expect(items.filter({ hasText: 'Tom Berger replied in a thread in harbour' })).toContainText('On the hook');
  await expect(items.filter({ hasText: 'Tom Berger reacted to your message in harbour' })).toContainText('Who has the key?');
  await expect(laptop.sidebar.getByRole('link', { name: 'Activity, 3 unread' })).toBeVisible();
  await expectAccessible(laptop.page);

  await phone.openChannel(room.name);
  await expect(laptop.sidebar.getByRole('link', { name: 'Activity, 2 unread' })).toBeVisible();
  await phone.message('Who has the key?').getByRole('button', { name: /1 reply/ }).click();
  await expect(phone.message('On the hook', phone.thread(room.name))).toBeVisible();
  await expect(laptop.sidebar.getByRole('link', { name: 'Activity, 1 unread' })).toBeVisible();

  // By keyboard to the reaction, which opening it reads.
  await laptop.page.getByRole('tab', { name: 'Reactions' }).click();
  await items.getByRole('link').first().focus();
  await laptop.page.keyboard.press('Enter');
  await expect(laptop.message('Who has the key?')).toBeVisible();
  await expect(laptop.sidebar.getByRole('link', { name: 'Activity', exact: true })).toBeVisible();
  expect(reply.seq).toBeGreaterThan(question.seq);
});

test('ACT-1 marking all read can be taken back', async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Berger')];
  const room = await world.channel('harbour', { members: [amara, tom] });
  await world.say(tom, room, `<@${amara.id}> one`);
  await world.say(tom, room, `<@${amara.id}> two`);
  const chat = new Chat(await world.open(amara, { path: `/w/${world.workspaceId}/activity` }));
  const link = (n: number) => chat.sidebar.getByRole('link', { name: n === 0 ? 'Activity' : `Activity, ${n} unread`, exact: true });
  await expect(link(3)).toBeVisible();
  await chat.page.getByRole('button', { name: 'Mark all read' }).click();
  await expect(link(0)).toBeVisible();
  await chat.page.getByRole('button', { name: 'Undo' }).click();
  await expect(link(3)).toBeVisible();
});

test('NTF-6 NTF-9 a notification of a mention leads to its message, and goes when it is read on the other device @two-people', async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Berger')];
  const room = await world.channel('harbour', { members: [amara, tom] });
  const laptop = new Chat(await world.open(amara, { path: `/w/${world.workspaceId}/activity` }));
  await laptop.page.context().grantPermissions(['notifications']);
  const phone = new Chat(await world.open(amara, { path: `/w/${world.workspaceId}/browse` }));
  await expect(laptop.page.getByRole('main').getByRole('listitem').filter({ hasText: 'added you to harbour' })).toBeVisible();
  await expect.poll(() => laptop.page.evaluate(async () => (await navigator.locks.query()).held?.some((lock) => lock.name?.startsWith('parley-notify-')) && (await navigator.serviceWorker.ready).active?.state)).toBe('activated');
  const standing = () => laptop.page.evaluate(async () => (await (await navigator.serviceWorker.ready).getNotifications()).map((one) => [one.title, one.body, (one.data as { path: string }).path]));

  const said = await world.say(tom, room, `<@${amara.id}> the key is on the hook`);
  await expect.poll(standing).toEqual([['Tom Berger mentioned you in harbour', expect.stringContaining('the key is on the hook'), `/w/${world.workspaceId}/c/${room.id}/m/${said.message_id}`]]);
  await phone.openChannel(room.name);
  await expect.poll(standing).toEqual([]);

  // The browser's own click cannot be made from here: the service worker is told of one.
  const later = await world.say(tom, room, `<@${amara.id}> and the boat is back`);
  await expect.poll(async () => (await standing()).length).toBe(1);
  await laptop.page.context().serviceWorkers()[0]!.evaluate(async () => {
    const worker = globalThis as unknown as EventTarget & { registration: ServiceWorkerRegistration; NotificationEvent: new (type: string, init: { notification: Notification }) => Event };
    const [notification] = await worker.registration.getNotifications();
    worker.dispatchEvent(new worker.NotificationEvent('notificationclick', { notification: notification! }));
  });
  await expect(laptop.page).toHaveURL(new RegExp(`/c/${room.id}/m/${later.message_id}$`));
  await expect(laptop.message('and the boat is back')).toBeVisible();
  await expect.poll(standing).toEqual([]);
});

test('NTF-10 the permission is asked from a card after the first direct message, never on load @two-people', async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Berger')];
  const chat = new Chat(await world.open(amara));
  await expect.poll(() => chat.page.evaluate(async () => (await navigator.locks.query()).held?.some((lock) => lock.name?.startsWith('parley-notify-')))).toBe(true);
  const card = chat.page.getByRole('region', { name: 'Notifications' });
  await expect(card).toHaveCount(0);
  const dm = await tom.api.call(openDm, { workspace_id: world.workspaceId, user_ids: [amara.id] });
  await world.say(tom, dm, 'Are you there?');
  await expect(card).toBeVisible();
  await expectAccessible(chat.page);
  await card.getByRole('button', { name: 'Not now' }).click();
  await expect(card).toHaveCount(0);
  await chat.page.reload();
  await expect.poll(() => chat.page.evaluate(async () => (await navigator.locks.query()).held?.some((lock) => lock.name?.startsWith('parley-notify-')))).toBe(true);
  await expect(card).toHaveCount(0);
});

test('ACT-1 a keyword and a thread reply come to Activity, on both devices @two-people', async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Berger')];
  const room = await world.channel('harbour', { members: [amara, tom] });
  const question = await world.say(amara, room, 'Who has the key?');
  const laptop = new Chat(await world.open(amara, { path: '/preferences/notifications' }));
  const phone = new Chat(await world.open(amara, { path: `/w/${world.workspaceId}/activity` }));
  const items = phone.page.getByRole('main').getByRole('listitem');
  const words = laptop.page.getByRole('textbox', { name: 'Keywords' });
  await words.fill('lighthouse, pull request');
  await words.blur();
  await expect.poll(async () => (await amara.api.call(sync, { cursors: {} })).streams[`user:${amara.id}`]?.entities.some((one) => one.type === 'preference' && one.id === 'notify_keywords')).toBe(true);

  await world.say(tom, room, 'The Lighthouse is lit');
  await world.say(tom, room, 'On the hook', question.message_id);
  await expect(items.filter({ hasText: 'Tom Berger wrote “lighthouse” in harbour' })).toContainText('The Lighthouse is lit');
  await expect(items.filter({ hasText: 'Tom Berger replied in a thread in harbour' })).toContainText('On the hook');
  await phone.page.getByRole('tab', { name: 'Mentions' }).click();
  await expect(items.filter({ hasText: 'wrote “lighthouse”' })).toBeVisible();
  await laptop.openChannel(room.name);
  await expect(phone.sidebar.getByRole('link', { name: 'Activity, 2 unread' })).toBeVisible();
});

test('NTF-1 the level of a channel holds on the other device, and More says why @two-people', async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Berger')];
  const room = await world.channel('harbour', { members: [amara, tom] });
  await world.say(tom, room, `<@${amara.id}> the tide is in`);
  const laptop = new Chat(await world.open(amara, { path: `/w/${world.workspaceId}/c/${room.id}` }));
  const phone = new Chat(await world.open(amara, { path: `/w/${world.workspaceId}/c/${room.id}` }));
  await expect(laptop.message('the tide is in')).toBeVisible();
  await laptop.more(laptop.message('the tide is in'), 'Notification details');
  const details = laptop.page.getByRole('dialog', { name: 'Notification details' });
  await expect(details.getByText('It names you or a group of yours.')).toBeVisible();
  await expect(details.getByText('Shows a notification')).toBeVisible();
  await expectAccessible(laptop.page);
  await details.getByRole('button', { name: 'Close' }).last().click();

  await phone.page.getByRole('button', { name: 'Notifications', exact: true }).click();
  await phone.page.getByRole('menuitemradio', { name: 'Nothing' }).click();
  await phone.page.keyboard.press('Escape');
  await laptop.more(laptop.message('the tide is in'), 'Notification details');
  await expect(details.getByText('Here you are notified of nothing.')).toBeVisible();
  await expect(details.getByText('No notification')).toBeVisible();
});

test('NTF-3 hours without disturbance are kept by day, on both devices', async ({ world }) => {
  const amara = await world.person('Amara Okafor');
  const laptop = new Chat(await world.open(amara, { path: '/preferences/notifications' }));
  const phone = new Chat(await world.open(amara, { path: '/preferences/notifications' }));
  await laptop.page.getByRole('switch', { name: 'Monday' }).click();
  await expect(phone.page.getByLabel('Monday, from')).toHaveValue('22:00');
  await phone.page.getByLabel('Monday, from').fill('20:30');
  await expect(laptop.page.getByLabel('Monday, from')).toHaveValue('20:30');
  await expect(laptop.page.getByLabel('Monday, until')).toHaveValue('07:00');
  await expectAccessible(laptop.page);
});

test('ACT-1 marking read while offline shows at once and reaches the other device later', async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Berger')];
  const room = await world.channel('harbour', { members: [amara, tom] });
  await world.say(tom, room, `<@${amara.id}> one`);
  const laptop = new Chat(await world.open(amara, { path: `/w/${world.workspaceId}/activity` }));
  const phone = new Chat(await world.open(amara, { path: `/w/${world.workspaceId}/browse` }));
  const link = (chat: Chat, name: string) => chat.sidebar.getByRole('link', { name, exact: true });
  await expect(link(laptop, 'Activity, 2 unread')).toBeVisible();
  await expect(link(phone, 'Activity, 2 unread')).toBeVisible();
  await laptop.page.context().setOffline(true);
  await laptop.page.getByRole('button', { name: 'Mark all read' }).click();
  await expect(link(laptop, 'Activity')).toBeVisible();
  await expect(link(phone, 'Activity, 2 unread')).toBeVisible();
  await laptop.page.context().setOffline(false);
  await expect(link(phone, 'Activity')).toBeVisible();
});

test('ACT-1 what is opened stands beside the list, which keeps its place', async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Berger')];
  const room = await world.channel('harbour', { members: [amara, tom] });
  const one = await world.say(tom, room, `<@${amara.id}> the first`);
  await world.say(tom, room, `<@${amara.id}> the second`);
  const chat = new Chat(await world.open(amara, { path: `/w/${world.workspaceId}/activity` }));
  await chat.page.getByRole('tab', { name: 'Mentions' }).click();
  await chat.page.getByRole('main').getByRole('listitem').filter({ hasText: 'the first' }).getByRole('link').click();
  await expect(chat.page).toHaveURL(new RegExp(`/m/${one.message_id}\\?panel=activity$`));
  const list = chat.page.getByRole('complementary', { name: 'Activity' });
  await expect(list.getByRole('tab', { name: 'Mentions' })).toHaveAttribute('aria-selected', 'true');
  await expect(chat.message('the first', chat.page.getByRole('main'))).toBeVisible();
  await list.getByRole('listitem').filter({ hasText: 'the first' }).getByRole('link').focus();
  await chat.page.keyboard.press('k');
  await chat.page.keyboard.press('Enter');
  await expect(chat.page).not.toHaveURL(new RegExp(one.message_id));
  await expect(list.getByRole('listitem').filter({ hasText: 'the second' })).toBeVisible();
  await expectAccessible(chat.page);
  await list.getByRole('button', { name: 'Close' }).click();
  await expect(list).toHaveCount(0);
});

test('NTF-9 “Mark as read” on a notification reads its message, with no page asked @two-people', async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Berger')];
  const room = await world.channel('harbour', { members: [amara, tom] });
  const laptop = new Chat(await world.open(amara, { path: `/w/${world.workspaceId}/activity` }));
  await laptop.page.context().grantPermissions(['notifications']);
  await expect.poll(() => laptop.page.evaluate(async () => (await navigator.locks.query()).held?.some((lock) => lock.name?.startsWith('parley-notify-')) && (await navigator.serviceWorker.ready).active?.state)).toBe('activated');
  await expect(laptop.page.getByRole('main').getByRole('listitem').filter({ hasText: 'added you to harbour' })).toBeVisible();
  await world.say(tom, room, `<@${amara.id}> the key is on the hook`);
  const actions = () => laptop.page.evaluate(async () => (await (await navigator.serviceWorker.ready).getNotifications()).map((one) => ((one as { actions?: { title: string }[] }).actions ?? []).map((action) => action.title)));
  await expect.poll(actions).toEqual([['Reply', 'Mark as read']]);
  await expect(laptop.channelLink(room.name)).toHaveAccessibleName(/1 unread/);
  await laptop.page.context().serviceWorkers()[0]!.evaluate(async () => {
    const worker = globalThis as unknown as EventTarget & { registration: ServiceWorkerRegistration; NotificationEvent: new (type: string, init: { notification: Notification; action: string }) => Event };
    const [notification] = await worker.registration.getNotifications();
    worker.dispatchEvent(new worker.NotificationEvent('notificationclick', { notification: notification!, action: 'read' }));
  });
  await expect(laptop.channelLink(room.name)).not.toHaveAccessibleName(/unread/);
  await expect(laptop.page).toHaveURL(/\/activity$/);
  await expect.poll(actions).toEqual([]);
});
