import { createGroup, updateGroup } from '@parley/shared/protocol/calls/groups';
import { expect, test } from '../fixtures/world.ts';
import { expectAccessible } from '../support/accessibility.ts';
import { Chat } from '../pages/chat.ts';

/** People under one name: made, found, named, and who is in one hears of it everywhere. */

test('LST-24 a group is made in the client, and naming it counts for its member on another device @two-people', async ({ world }) => {
  const [amara, tom] = [await world.person('Amara Okafor'), await world.person('Tom Berger')];
  const room = await world.channel('harbour', { members: [amara, tom] });
  const writer = new Chat(await world.open(tom, { path: `/w/${world.workspaceId}/groups` }));
  const laptop = new Chat(await world.open(amara, { path: `/w/${world.workspaceId}/groups` }));
  const phone = new Chat(await world.open(amara, { path: `/w/${world.workspaceId}/browse`, colorScheme: 'dark' }));
  await expectAccessible(writer.page);

  await writer.page.getByRole('button', { name: 'New group' }).first().click();
  const form = writer.page.getByRole('dialog', { name: 'New group' });
  await form.getByRole('textbox', { name: 'Name' }).fill('Design Team');
  await expect(form.getByRole('textbox', { name: 'Handle' })).toHaveValue('design-team');
  await form.getByRole('textbox', { name: 'Handle' }).fill('here');
  await form.getByRole('button', { name: 'Create group' }).click();
  await expect(form.getByText('@here already names everybody.')).toBeVisible();
  await form.getByRole('textbox', { name: 'Handle' }).fill('Design');
  await form.getByRole('combobox', { name: 'People' }).fill('amara');
  await form.getByRole('option', { name: /Amara Okafor/ }).click();
  await expectAccessible(writer.page);
  await form.getByRole('button', { name: 'Create group' }).click();
  await expect(form).toHaveCount(0);

  // The other person sees it without asking, and that it is theirs.
  await expect(laptop.page.getByRole('main').getByRole('button', { name: /Design Team @design 1 person · you are in it/ })).toBeVisible();
  await laptop.page.getByRole('main').getByRole('button', { name: /Design Team/ }).click();
  await expect(laptop.page.getByRole('dialog', { name: 'Design Team' }).getByRole('button', { name: /Amara Okafor/ })).toBeVisible();
  await expectAccessible(laptop.page);
  await laptop.page.keyboard.press('Escape');

  await writer.openChannel(room.name);
  const box = writer.composer(room.name);
  await box.click();
  await writer.page.keyboard.type('Look, @desi');
  await expect(writer.page.getByRole('option', { name: /@design Design Team/ })).toBeVisible();
  await writer.page.keyboard.press('Enter');
  await writer.page.keyboard.type('the new sails');
  await writer.page.keyboard.press('Enter');
  await expect(writer.message('the new sails')).toContainText('@design');

  await expect(phone.channelLink(room.name)).toHaveAccessibleName(/1 mention/);
  await expect(laptop.sidebar.getByRole('link', { name: 'Activity, 2 unread' })).toBeVisible();
  await phone.openChannel(room.name);
  const chip = phone.message('the new sails').getByRole('button', { name: '@design' });
  await expect(chip).toBeVisible();
  await expectAccessible(phone.page);
  await expect(laptop.channelLink(room.name)).not.toHaveAccessibleName(/mention/);

  // Another handle shows where it was written before, and without a connection too.
  await laptop.openChannel(room.name);
  await laptop.goOffline();
  await laptop.page.reload();
  await expect(laptop.message('the new sails').getByRole('button', { name: '@design' })).toBeVisible();
  await laptop.goOnline();
  await chip.click();
  await phone.page.getByRole('button', { name: 'Edit group' }).click();
  const edit = phone.page.getByRole('dialog', { name: 'Edit group' });
  await edit.getByRole('textbox', { name: 'Handle' }).fill('sailmakers');
  await edit.getByRole('button', { name: 'Save' }).click();
  await expect(laptop.message('the new sails').getByRole('button', { name: '@sailmakers' })).toBeVisible();
  await expect(writer.message('the new sails').getByRole('button', { name: '@sailmakers' })).toBeVisible();
});

test('CMP-13 a group of more than six people asks before it is told, and a deleted one is unknown @two-people', async ({ world }) => {
  const amara = await world.person('Amara Okafor');
  const people = [amara];
  for (const name of ['Ben', 'Carla', 'Dora', 'Emil', 'Finn', 'Greta', 'Hugo']) people.push(await world.person(`${name} Berger`));
  const room = await world.channel('harbour', { members: people });
  const crew = await amara.api.call(createGroup, { workspace_id: world.workspaceId, name: 'Crew', handle: 'crew', user_ids: people.map((p) => p.id) });
  const pair = await amara.api.call(createGroup, { workspace_id: world.workspaceId, name: 'Pair', handle: 'pair', user_ids: people.slice(0, 2).map((p) => p.id) });
  const chat = new Chat(await world.open(amara));
  await chat.openChannel(room.name);
  await chat.send(room.name, `<!group^${pair.id}> two of us`);
  await expect(chat.message('two of us')).toBeVisible();
  await chat.send(room.name, `<!group^${crew.id}> all hands`);
  const asking = chat.page.getByRole('dialog', { name: 'Notify up to 8 people?' });
  await expect(asking).toBeVisible();
  await expectAccessible(chat.page);
  await asking.getByRole('button', { name: 'Send', exact: true }).click();
  await expect(chat.message('all hands')).toContainText('@crew');

  await amara.api.call(updateGroup, { group_id: crew.id, archived: true });
  await chat.composer(room.name).click();
  await chat.page.keyboard.type('@');
  await expect(chat.page.getByRole('option', { name: /@pair/ })).toBeVisible();
  await expect(chat.page.getByRole('option', { name: /@crew/ })).toHaveCount(0);
  await chat.page.keyboard.press('Escape');
  await chat.message('two of us').getByRole('button', { name: '@pair' }).click();
  await chat.page.getByRole('button', { name: 'Edit group' }).click();
  await chat.page.getByRole('button', { name: 'Delete group' }).click();
  await chat.page.getByRole('button', { name: 'Delete @pair for good?' }).click();
  await expect(chat.message('two of us')).toContainText('unknown group');
});
