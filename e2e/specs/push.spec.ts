import { test as plain, expect, type Page } from '@playwright/test';
import { createInvite, createUser, setUp, signIn } from '@parley/shared/protocol/calls/accounts';
import { createChannel } from '@parley/shared/protocol/calls/channels';
import { sendMessage } from '@parley/shared/protocol/calls/messages';
import { setPreference } from '@parley/shared/protocol/calls/personal';
import { ack } from '@parley/shared/protocol/calls/reading';
import { Chat } from '../pages/chat.ts';
import { expectAccessible } from '../support/accessibility.ts';
import { Api } from '../support/api.ts';
import { PushService } from '../support/push-service.ts';
import { startServer, type RunningServer } from '../support/server.ts';
import { Smtp } from '../support/smtp.ts';

/** What reaches people while Parley is closed: pushes and mails. */

const PASSWORD = 'correct horse battery staple';

interface Place { server: RunningServer; workspaceId: string; tom: Api; amara: { id: string; api: Api; deviceId: string } }

async function place(env: Record<string, string>): Promise<Place> {
  const server = await startServer(env);
  const owner = await new Api(server.url).call(setUp, { workspace_name: 'Harbour Labs', username: 'tom', display_name: 'Tom Berger', email: 'tom@example.org', password: PASSWORD });
  const tom = new Api(server.url, owner.token);
  const workspaceId = owner.workspace!.id;
  const user = await tom.call(createUser, { workspace_id: workspaceId, username: 'amara', display_name: 'Amara Okafor', email: 'amara@example.org', password: PASSWORD });
  const session = await new Api(server.url).call(signIn, { login: 'amara', password: PASSWORD, device_name: 'set-up' });
  return { server, workspaceId, tom, amara: { id: user.id, api: new Api(server.url, session.token), deviceId: session.device_id } };
}

async function signInOn(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await page.getByRole('textbox', { name: 'Email or username' }).fill('amara');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.getByRole('navigation', { name: 'Channels' })).toBeVisible();
}

plain('NTF-5 NTF-6 NTF-9 a push comes while Parley is closed, leads to its message, and is withdrawn when it was read elsewhere', { tag: ['@push', '@two-people'] }, async ({ browser }) => {
  const service = await PushService.open();
  const { server, workspaceId, tom, amara } = await place({ PARLEY_EGRESS_ALLOW: service.origin.slice('http://'.length) });
  const context = await browser.newContext({ baseURL: server.url, permissions: ['notifications'] });
  try {
    const room = await tom.call(createChannel, { workspace_id: workspaceId, name: 'harbour', user_ids: [amara.id] });
    await amara.api.call(setPreference, { key: 'notify_push_after', value: 0 });
    // The browser's own way to a push service leads nowhere here.
    await context.addInitScript((given) => {
      let current: PushSubscription | null = null;
      const bytes = (text: string) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0)).buffer;
      PushManager.prototype.getSubscription = async () => current;
      PushManager.prototype.subscribe = async (options) => (current = { ...given, options: { userVisibleOnly: true, applicationServerKey: bytes(String(options?.applicationServerKey)) }, toJSON: () => given, unsubscribe: async () => true } as unknown as PushSubscription);
    }, service.subscription);
    const page = await context.newPage();
    const subscribed = page.waitForResponse((response) => response.url().endsWith('/push_subscribe') && response.ok());
    await signInOn(page, `/w/${workspaceId}/activity`);
    await page.evaluate(async () => void (await navigator.serviceWorker.ready));
    // The first page came before its service worker.
    await page.reload();
    await subscribed;

    const registered = new Promise<string>((resolve) => void context.newCDPSession(page).then(async (session) => {
      session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => registrations.forEach(({ registrationId, scopeURL }) => scopeURL.startsWith(server.url) && resolve(registrationId)));
      await session.send('ServiceWorker.enable');
    }));
    const registrationId = await registered;
    await page.goto('about:blank');
    const cdp = await context.newCDPSession(page);
    await cdp.send('ServiceWorker.enable');
    const deliver = (data: string) => cdp.send('ServiceWorker.deliverPushMessage', { origin: server.url, registrationId, data });
    const standing = () => context.serviceWorkers()[0]!.evaluate(async () => (await (globalThis as unknown as { registration: ServiceWorkerRegistration }).registration.getNotifications()).map((one) => [one.title, one.body]));

    const say = (content: string, id: string) => tom.call(sendMessage, { channel_id: room.id, content, client_msg_id: id });
    await say(`<@${amara.id}> the key is on the hook`, 'first');
    await expect.poll(() => service.heard.length).toBe(1);
    await deliver(service.heard[0]!.payload);
    await expect.poll(standing).toEqual([['Tom Berger mentioned you in harbour', '@Amara Okafor the key is on the hook']]);
    const { message_id } = await say(`<@${amara.id}> and the boat is back`, 'second');
    await expect.poll(() => service.heard.length).toBe(2);
    expect(service.heard[1]!.headers['topic']).toBe(service.heard[0]!.headers['topic']);
    await deliver(service.heard[1]!.payload);
    await expect.poll(standing).toEqual([['2 new messages in harbour', '@Amara Okafor and the boat is back']]);

    // Read on another device: the withdrawal closes it.
    await amara.api.call(ack, { device_id: amara.deviceId, channel_id: room.id, message_id });
    await expect.poll(() => service.heard.length).toBe(3);
    await deliver(service.heard[2]!.payload);
    await expect.poll(standing).toEqual([]);

    const third = await say(`<@${amara.id}> tea?`, 'third');
    await expect.poll(() => service.heard.length).toBe(4);
    await deliver(service.heard[3]!.payload);
    await expect.poll(standing).toEqual([['Tom Berger mentioned you in harbour', '@Amara Okafor tea?']]);
    const chat = new Chat(page);
    await page.goto(`${server.url}/w/${workspaceId}/activity`);
    await expect(page.getByRole('main').getByRole('listitem').filter({ hasText: 'tea?' })).toBeVisible();
    // The browser's own click cannot be made from here: the service worker is told of one. Nothing keeps it awake for such a click, so the page has to listen already.
    await expect.poll(() => page.evaluate(async () => (await navigator.locks.query()).held?.some((lock) => lock.name?.startsWith('parley-notify-')))).toBe(true);
    await context.serviceWorkers()[0]!.evaluate(async () => {
      const worker = globalThis as unknown as EventTarget & { registration: ServiceWorkerRegistration; NotificationEvent: new (type: string, init: { notification: Notification }) => Event };
      const [notification] = await worker.registration.getNotifications();
      worker.dispatchEvent(new worker.NotificationEvent('notificationclick', { notification: notification! }));
    });
    await expect(page).toHaveURL(new RegExp(`/c/${room.id}/m/${third.message_id}$`));
    await expect(chat.message('tea?')).toBeVisible();
    await expect.poll(standing).toEqual([]);

    // An open page tells by itself: nothing goes out to this browser.
    await say(`<@${amara.id}> or coffee?`, 'fourth');
    await expect(chat.message('or coffee?')).toBeVisible();
    expect(service.heard.map(({ payload }) => (JSON.parse(payload) as { kind: string }).kind)).toEqual(['show', 'show', 'withdraw', 'show']);
  } finally {
    await context.close();
    await server.dispose();
    await service.close();
  }
});

plain('INV-1 an invitation comes by mail, and its link lets the person in; mails about what was missed are stopped by theirs', { tag: ['@mail', '@two-people'] }, async ({ browser }) => {
  const smtp = await Smtp.open();
  const { server, workspaceId, tom, amara } = await place({ PARLEY_SMTP_URL: smtp.url });
  const context = await browser.newContext({ baseURL: server.url });
  try {
    await tom.call(createInvite, { workspace_id: workspaceId, email: 'mei@example.org' });
    await expect.poll(() => smtp.mails.length).toBe(1);
    const [mail] = smtp.mails;
    expect([mail!.subject, mail!.to && 'text' in mail!.to ? mail!.to.text : '']).toEqual(['Tom Berger invites you to Harbour Labs', 'mei@example.org']);
    const page = await context.newPage();
    await page.goto(/http:\S+\/invite\/\S+/.exec(mail!.text!)![0]);
    await expect(page.getByRole('heading', { name: 'Join Harbour Labs' })).toBeVisible();
    await page.getByRole('textbox', { name: 'Display name' }).fill('Mei Tanaka');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Join Harbour Labs' }).click();
    await expect(page.getByRole('navigation', { name: 'Channels' })).toBeVisible();

    // The shortest that the preferences offer is long for a story.
    await amara.api.call(setPreference, { key: 'notify_mail_after', value: 1 });
    const room = await tom.call(createChannel, { workspace_id: workspaceId, name: 'harbour', user_ids: [amara.id] });
    await tom.call(sendMessage, { channel_id: room.id, content: `<@${amara.id}> the key is on the hook`, client_msg_id: 'missed' });
    await expect.poll(() => smtp.mails.length).toBe(2);
    const [, digest] = smtp.mails;
    expect(digest!.text).toContain('Tom Berger mentioned you in harbour\n> @Amara Okafor the key is on the hook');
    await page.goto(/http:\S+\/unsubscribe\/\S+/.exec(digest!.text!)![0]);
    await expect(page.getByRole('heading', { name: 'Mails about what you missed' })).toBeVisible();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Stop these mails' }).click();
    await expect(page.getByText('You get no more of these mails.')).toBeVisible();

    const hers = await browser.newContext({ baseURL: server.url });
    const settings = await hers.newPage();
    await signInOn(settings, '/preferences/notifications');
    const mails = settings.getByRole('switch', { name: 'Mail what I missed' });
    await expect(mails).not.toBeChecked();
    await expectAccessible(settings);
    await mails.click();
    await expect(settings.getByRole('combobox', { name: 'Mail', exact: true })).toBeVisible();
    await hers.close();
  } finally {
    await context.close();
    await server.dispose();
    await smtp.close();
  }
});
