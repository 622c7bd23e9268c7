import { describe, expect, it } from 'vitest';
import { getMe } from '@parley/shared/protocol/calls/accounts';
import { createChannel, inviteToChannel } from '@parley/shared/protocol/calls/channels';
import { sendMessage } from '@parley/shared/protocol/calls/messages';
import { testWorld, type TestUser, type World } from '../testing/test-core.ts';
import { RATE_LIMITS } from './rate-limits.ts';

async function room(world: World): Promise<{ people: TestUser[]; channel_id: string }> {
  await world.setUp();
  const people: TestUser[] = [];
  for (let i = 0; i < 11; i++) people.push(await world.createUser(`person-${i}`));
  const channel = await world.as(world.owner).call(createChannel, { workspace_id: world.workspace.id, name: 'room' });
  await world.as(world.owner).call(inviteToChannel, { channel_id: channel.id, user_ids: people.map((p) => p.id) });
  return { people, channel_id: channel.id };
}

const send = (world: World, user: TestUser, channel_id: string, n: number) => world.as(user).send(sendMessage, { channel_id, content: 'hello', client_msg_id: `m-${n}` });

describe('rate limits', () => {
  it('hold per person, with the time to wait, and leave others and reading alone', async () => {
    const world = testWorld({ config: { rateLimits: true } });
    const { people, channel_id } = await room(world);
    const statuses: number[] = [];
    for (let n = 0; n <= RATE_LIMITS.send.points; n++) statuses.push((await send(world, people[0]!, channel_id, n)).status);
    expect(statuses.slice(0, -1).every((status) => status === 201)).toBe(true);
    const refused = await send(world, people[0]!, channel_id, 1_000);
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect((await send(world, people[1]!, channel_id, 0)).status).toBe(201);
    expect((await world.as(people[0]!).send(getMe, {})).status).toBe(200);
  });

  it('hold per channel, whoever sends', async () => {
    const world = testWorld({ config: { rateLimits: true } });
    const { people, channel_id } = await room(world);
    let refused = 0;
    for (const person of people) for (let n = 0; n < RATE_LIMITS.send.points; n++) if ((await send(world, person, channel_id, n)).status === 429) refused++;
    expect(refused).toBeGreaterThanOrEqual(people.length * RATE_LIMITS.send.points - RATE_LIMITS.channel.points);
  });

  it('are off when the settings say so', async () => {
    const world = testWorld();
    const { people, channel_id } = await room(world);
    for (let n = 0; n < 2 * RATE_LIMITS.send.points; n++) expect((await send(world, people[0]!, channel_id, n)).status).toBe(201);
  });
});
