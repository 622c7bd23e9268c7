import { react } from '@parley/shared/protocol/calls/messages';
import { expect, test, type World } from '../fixtures/world.ts';
import { Chat } from '../pages/chat.ts';
import { expectAccessible } from '../support/accessibility.ts';

/** Where pictures of the scenes go, when somebody wants to look at them. */
const shots = process.env.PARLEY_E2E_SHOTS;
const shoot = async (chat: Chat, name: string): Promise<void> => {
  if (shots) await chat.page.screenshot({ path: `${shots}/${name}.png` });
};

/** A channel in which something of every kind was said. */
async function busy(world: World) {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Lindqvist')];
  const channel = await world.channel('harbour', { members: [amara, tom] });
  await world.channel('a-channel-with-a-name-that-hardly-fits-anywhere', { members: [amara, tom] });
  const secret = await world.channel('smugglers', { private: true, members: [amara, tom] });
  await world.say(tom, secret, `Psst, <@${amara.id}>`);
  await world.say(tom, channel, 'Good morning! The **tide table** for today:\n\n| time | height |\n|---|---|\n| 04:12 | 3.1 m |\n| 10:40 | 0.8 m |\n\n- berth seven is _free_\n- berth eight is ~~free~~ taken');
  await world.say(tom, channel, 'Run `make tide` or:\n\n```ts\nconst height = (hour: number): number => 2 + Math.cos(hour / 2); // metres\n```');
  const root = await world.say(amara, channel, `Thanks, <@${tom.id}>. More at https://example.org/tides?with=a-very-long-address-that-goes-on-and-on-and-on-without-any-place-to-break-it-because-addresses-are-like-that`);
  await world.say(tom, channel, 'The crane is free from noon', root.message_id);
  await world.say(amara, channel, 'Perfect, I take it', root.message_id);
  await tom.api.call(react, { channel_id: channel.id, message_id: root.message_id, emoji: '⚓' });
  await world.say(tom, channel, `> Who has the key?\n\n<@${amara.id}> has it, or look in <#${channel.id}>`);
  return { amara, tom, channel };
}

for (const theme of ['light', 'dark'] as const) {
  test(`every scene of the shell is accessible, ${theme}`, { tag: '@themes' }, async ({ world }) => {
    test.setTimeout(120_000);
    const { amara, channel } = await busy(world);
    const chat = new Chat(await world.open(amara, { colorScheme: theme }));
    const look = async (name: string) => {
      await shoot(chat, `${theme}-${name}`);
      await expectAccessible(chat.page);
    };
    await expect(chat.page.locator('html')).toHaveAttribute('data-theme', theme);
    await chat.openChannel(channel.name);
    await expect(chat.message('has it, or look in')).toBeVisible();
    await look('channel');
    await chat.message('More at').getByRole('button', { name: /2 replies/ }).click();
    await expect(chat.thread(channel.name).getByText('Perfect, I take it')).toBeVisible();
    await look('thread');
    await chat.page.keyboard.press('ControlOrMeta+k');
    await expect(chat.page.getByRole('combobox', { name: 'Find channels, people and commands' })).toBeFocused();
    await look('switcher');
    await chat.page.keyboard.press('Escape');
    for (const [path, heading] of [['threads', 'Threads'], ['drafts', 'Drafts & sent'], ['browse', 'Browse channels']] as const) {
      await chat.page.goto(`${world.url}/w/${world.workspaceId}/${path}`);
      await expect(chat.page.getByRole('heading', { name: heading, level: 1 })).toBeVisible();
      await look(path);
    }
    await chat.page.goto(`${world.url}/w/${world.workspaceId}/c/${channel.id}?panel=details`);
    await expect(chat.page.getByRole('complementary', { name: `Details of ${channel.name}` })).toBeVisible();
    await look('details');
    await chat.page.goto(`${world.url}/preferences/appearance`);
    await expect(chat.page.getByRole('heading', { level: 1 }).first()).toBeVisible();
    await look('preferences');
    await chat.page.goto(`${world.url}/nowhere/at/all`);
    await expect(chat.page.getByText('This does not exist, or you do not have access to it.')).toBeVisible();
    await look('nowhere');
  });
}

test('one pane on a narrow screen, and nothing scrolls sideways', { tag: '@themes' }, async ({ world }) => {
  const { amara, channel } = await busy(world);
  const chat = new Chat(await world.open(amara, { path: `/w/${world.workspaceId}`, viewport: { width: 390, height: 844 } }));
  const fits = async (name: string) => {
    await shoot(chat, `narrow-${name}`);
    expect(await chat.page.evaluate(() => document.documentElement.scrollWidth), name).toBeLessThanOrEqual(390);
    await expectAccessible(chat.page);
  };
  await chat.page.goto(`${world.url}/w/${world.workspaceId}/c/${channel.id}`);
  await expect(chat.message('has it, or look in')).toBeVisible();
  await fits('channel');
  await chat.send(channel.name, 'From a telephone');
  await expect(chat.message('From a telephone')).toHaveCount(1);
  await chat.message('More at').getByRole('button', { name: /2 replies/ }).click();
  await expect(chat.thread(channel.name).getByText('Perfect, I take it')).toBeVisible();
  await fits('thread');
  await chat.thread(channel.name).getByRole('button', { name: /Close|Back/ }).first().click();
  await chat.page.getByRole('button', { name: /^Back/ }).or(chat.page.getByRole('link', { name: /^Back/ })).first().click();
  await expect(chat.sidebar).toBeVisible();
  await fits('home');
});
