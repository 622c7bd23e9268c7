import { expect, test } from '../fixtures/world.ts';
import { Chat } from '../pages/chat.ts';
import { expectAccessible } from '../support/accessibility.ts';
import { startSite, type WebSite } from '../support/web-page.ts';

/** What links lead to, shown under the message: read by the server once, for everybody who may read the message. */

/** Where pictures go, when somebody wants to look at them. */
const shots = process.env.PARLEY_E2E_SHOTS;
let site: WebSite;
test.beforeAll(async () => {
  site = await startSite({
    '/crane': { title: 'The crane of the harbour', description: 'It lifts forty tonnes, and on Sundays it rests.', site: 'Harbour Gazette' },
    '/tide': { title: 'Tides of the week', description: 'High water at noon.', site: 'Tide table' },
  });
});
test.afterAll(() => site.close());
const LOCAL = { tag: '@local', annotation: { type: 'needs', description: 'a server that may reach this machine (PARLEY_EGRESS_ALLOW)' } };

test('LST-25 a link gets its card live on both screens; its author takes it off, and it stays off', LOCAL, async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Berger')];
  const room = await world.channel('harbour', { members: [amara, tom] });
  const [mine, his] = [new Chat(await world.open(amara)), new Chat(await world.open(tom, { colorScheme: 'dark' }))];
  for (const chat of [mine, his]) await chat.openChannel(room.name);
  await mine.send(room.name, `Look at ${site.origin}/crane and ${site.origin}/tide`);
  const [row, other] = [mine.message('Look at'), his.message('Look at')];
  for (const shown of [row, other]) {
    await expect(shown.getByRole('link', { name: /Harbour Gazette The crane of the harbour/ })).toBeVisible({ timeout: 20_000 });
    await expect(shown.getByText('It lifts forty tonnes')).toBeVisible();
  }
  await expect(other).toHaveAccessibleName(/The crane of the harbour.*Tides of the week/);
  // The picture comes from this server and is really drawn.
  const picture = other.locator('img').first();
  await expect(picture).toHaveAttribute('src', /^\/api\/v1\/card_picture\?/);
  await expect.poll(() => picture.evaluate((img: HTMLImageElement) => img.complete && img.naturalWidth)).toBe(320);
  for (const chat of [mine, his]) await expectAccessible(chat.page);
  if (shots) for (const [name, chat] of [['light', mine], ['dark', his]] as const) await chat.page.screenshot({ path: `${shots}/cards-${name}.png` });

  await expect(other.getByRole('button', { name: 'Remove card' })).toHaveCount(0);
  await row.getByText('Harbour Gazette').hover();
  await row.getByRole('button', { name: 'Remove card' }).first().click();
  for (const shown of [row, other]) await expect(shown.getByText('Harbour Gazette')).toHaveCount(0);
  await mine.more(row, 'Remove card of Tide table');
  await expect(other.getByText('Tides of the week')).toHaveCount(0);
  await his.page.reload();
  await expect(his.message('Look at')).toBeVisible();
  await expect(his.message('Look at').getByText('Harbour Gazette')).toHaveCount(0);
});

test('LST-25 an edit changes the cards; the same page is read once; who wants them small has them small', LOCAL, async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Berger')];
  const room = await world.channel('harbour', { members: [amara, tom] });
  const chat = new Chat(await world.open(tom));
  await chat.openChannel(room.name);
  const before = site.asked.get('/crane') ?? 0;
  await world.say(amara, room, `First ${site.origin}/crane`);
  await expect(chat.message('First').getByText('Harbour Gazette')).toBeVisible({ timeout: 20_000 });
  await world.say(amara, room, `\`${site.origin}/crane\` is not a link`);
  await world.say(amara, room, `Second ${site.origin}/crane`);
  await expect(chat.message('Second').getByText('Harbour Gazette')).toBeVisible({ timeout: 20_000 });
  await expect(chat.message('is not a link').getByText('Harbour Gazette')).toHaveCount(0);
  // A server reads a page once, whoever posts it; another story may have been the first.
  expect((site.asked.get('/crane') ?? 0) - before).toBeLessThanOrEqual(1);

  await chat.page.goto(`${world.url}/preferences/messages`);
  await chat.page.getByRole('combobox', { name: 'Cards of links' }).selectOption('collapsed');
  await chat.page.goto(`${world.url}/w/${world.workspaceId}/c/${room.id}`);
  const fold = chat.message('Second').getByRole('button', { name: 'Card: The crane of the harbour' });
  await expect(fold).toHaveAttribute('aria-expanded', 'false');
  await fold.click();
  await expect(chat.message('Second').getByText('It lifts forty tonnes')).toBeVisible();
});

test('LST-25 a link to a message is a card only for who may read that message', LOCAL, async ({ world }) => {
  const [amara, tom, mei] = [await world.person('Amara Okafor'), await world.person('Tom Berger'), await world.person('Mei Lin')];
  const open = await world.channel('harbour', { members: [amara, tom, mei] });
  const secret = await world.channel('bridge', { private: true, members: [amara, tom] });
  const { message_id } = await world.say(amara, secret, 'The **plan** is ready');
  const [his, hers] = [new Chat(await world.open(tom)), new Chat(await world.open(mei))];
  for (const chat of [his, hers]) await chat.openChannel(open.name);
  await world.say(amara, open, `See ${world.url}/w/${world.workspaceId}/c/${secret.id}/m/${message_id}`);
  const card = his.message('See').getByRole('link', { name: /Amara Okafor/ });
  await expect(card).toContainText('The plan is ready');
  if (shots) await his.page.screenshot({ path: `${shots}/cards-permalink.png` });
  await expect(hers.message('See')).toBeVisible();
  await expect(hers.message('See').getByRole('link')).toHaveCount(1);
  expect(await hers.page.content()).not.toContain('plan');
  await card.click();
  await expect(his.feed(secret.name).getByText('The plan is ready')).toBeVisible();
});
