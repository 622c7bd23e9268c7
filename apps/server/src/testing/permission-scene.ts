import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWorkspace, deactivateUser, setRole } from '@parley/shared/protocol/calls/accounts';
import { createChannel, removeFromChannel } from '@parley/shared/protocol/calls/channels';
import { createGroup } from '@parley/shared/protocol/calls/groups';
import { sendMessage } from '@parley/shared/protocol/calls/messages';
import type { Actor, ChannelFacts } from '@parley/shared/domain/can';
import { FakeClock } from '@parley/shared/testing/fake-clock';
import { SeededRandom } from '@parley/shared/testing/seeded-random';
import { cardOf } from '../features/cards/card-rows.ts';
import { SearchIndexer } from '../features/search/search-indexer.ts';
import { MemoryFiles } from '../files/memory/memory-files.ts';
import { MemorySearchIndex } from '../search/memory/memory-index.ts';
import { openMemoryStore, type MemoryState } from '../storage/memory/memory-store.ts';
import type { Store } from '../storage/port.ts';
import { testWorld, type TestUser, type World } from './test-core.ts';

export const ROLES = ['guest', 'member', 'moderator', 'admin', 'owner', 'server admin'] as const;
export type Role = (typeof ROLES)[number];

/** Where a person of each role meets a channel: in it, beside it, after having been in it, and in a workspace of others. */
export const PLACES = ['inside public', 'inside private', 'outside public', 'outside private', 'former public', 'former private', 'foreign workspace'] as const;
export type PlaceName = (typeof PLACES)[number];

export interface Place {
  name: PlaceName;
  workspace_id: string;
  channel_id: string;
  /** A message of somebody else's. */
  message_id: string;
  /** A picture that it carries. */
  file_id: string;
  /** Who made the channel and wrote the message. */
  maker: TestUser;
  /** Somebody of the workspace who is in none of its channels but the default one. */
  stranger: TestUser;
  /** A group of the workspace with the two of them. */
  group_id: string;
  /** One of the workspace's own emoji. */
  emoji_id: string;
}

/** A server whose people and places are known, so that what each may do can be told from the table alone. */
export interface PermissionScene {
  people: Record<Role, TestUser>;
  places: Record<PlaceName, Place>;
  /** The hash of the picture of the card on each place's message. */
  picture_hash: string;
  /** A server just like it for one trial, which leaves no trace; or over a store that holds the same. */
  trial(store?: Store): Promise<World>;
  dispose(): void;
}

/** What the table is asked with, told from the scene and not from the store. */
export function actorAt(scene: PermissionScene, role: Role, place: Place): Actor {
  const foreign = place.name === 'foreign workspace';
  const server_role = role === 'owner' ? 'owner' : role === 'server admin' ? 'admin' : 'member';
  // The server admin owns the other workspace and is none of this one.
  if (role === 'server admin') return { user_id: scene.people[role].id, server_role, workspace_role: foreign ? 'owner' : null };
  return { user_id: scene.people[role].id, server_role, workspace_role: foreign ? null : role === 'moderator' ? 'member' : role };
}

export function factsAt(role: Role, place: Place): ChannelFacts {
  const inside = (place.name.startsWith('inside') && role !== 'server admin') || (place.name === 'foreign workspace' && role === 'server admin');
  return {
    kind: place.name.endsWith('private') ? 'private' : 'public', archived: false, posting: 'everyone', is_default: false, member_count: 6, creator_id: place.maker.id, importing: false,
    membership: inside ? { role: role === 'moderator' ? 'moderator' : 'member', visible_from_seq: 1 } : null,
  };
}

/** The smallest PNG there is. */
export const PIXEL = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

export async function uploadPixel(world: World, by: TestUser): Promise<string> {
  const response = await world.core.handle({ method: 'POST', path: 'files', query: { name: 'pixel.png' }, headers: { authorization: `Bearer ${by.token}`, 'content-type': 'image/png' }, address: '127.0.0.1', raw: (async function* () { yield PIXEL; })() });
  return (response.body as { id: string }).id;
}

export async function openPermissionScene(): Promise<PermissionScene> {
  const clock = new FakeClock();
  const random = new SeededRandom(11);
  const state: MemoryState = { snapshot: {}, incarnation: '0190a000-0000-7000-8000-000000000001' };
  const world = await testWorld({ clock, random, store: openMemoryStore({ clock, random, state }) }).setUp();
  const cardPictures = new MemoryFiles();
  const { hash: picture_hash } = await cardPictures.keep(once(Buffer.from('a picture')), 100);
  const people: Record<Role, TestUser> = {
    guest: await world.createUser('gus', { role: 'guest' }), member: await world.createUser('mel'), moderator: await world.createUser('moe'),
    admin: await world.createUser('ada', { role: 'admin' }), owner: world.owner, 'server admin': await world.createUser('sam'),
  };
  const sam = people['server admin'];
  await world.as(world.owner).call(setRole, { user_id: sam.id, role: 'admin' });
  const other = await world.as(sam).call(createWorkspace, { name: 'Other' });
  await world.as(world.owner).call(deactivateUser, { user_id: sam.id, workspace_id: world.workspace.id });
  const home = { workspace_id: world.workspace.id, maker: await world.createUser('zed'), stranger: await world.createUser('zoe') };
  const away = { workspace_id: other.id, maker: await world.createUser('wes', { workspace_id: other.id }), stranger: await world.createUser('wim', { workspace_id: other.id }) };

  const groupIn = async ({ workspace_id, maker, stranger }: Pick<Place, 'workspace_id' | 'maker' | 'stranger'>) => (await world.as(maker).call(createGroup, { workspace_id, name: 'Group', handle: 'group', user_ids: [maker.id, stranger.id] })).id;
  const groups = new Map([[home, await groupIn(home)], [away, await groupIn(away)]]);
  const emojiIn = async ({ workspace_id, maker }: Pick<Place, 'workspace_id' | 'maker'>) => {
    const response = await world.core.handle({ method: 'POST', path: 'add_emoji', query: { workspace_id, name: 'pixel' }, headers: { authorization: `Bearer ${maker.token}` }, address: '127.0.0.1', raw: (async function* () { yield PIXEL; })() });
    return (response.body as { id: string }).id;
  };
  const emoji = new Map([[home, await emojiIn(home)], [away, await emojiIn(away)]]);
  const places = {} as Record<PlaceName, Place>;
  for (const name of PLACES) {
    const at = name === 'foreign workspace' ? away : home;
    const met = name.startsWith('inside') || name.startsWith('former') ? ROLES.filter((r) => r !== 'server admin').map((r) => people[r].id) : name === 'foreign workspace' ? [sam.id] : [];
    const channel = await world.as(at.maker).call(createChannel, { workspace_id: at.workspace_id, name: name.replace(' ', '-'), is_private: name.endsWith('private'), user_ids: met });
    if (name.startsWith('inside')) await world.as(at.maker).call(setRole, { channel_id: channel.id, user_id: people.moderator.id, role: 'moderator' });
    const file_id = await uploadPixel(world, at.maker);
    const { message_id } = await world.as(at.maker).call(sendMessage, { channel_id: channel.id, content: 'hello', client_msg_id: name.replace(' ', '-'), file_ids: [file_id] });
    if (name.startsWith('former')) await world.as(at.maker).call(removeFromChannel, { channel_id: channel.id, user_ids: met });
    await world.store.run('cards.set', { channel_id: channel.id, message_id, content: 'hello', cards: [cardOf({ channel_id: channel.id, message_id }, 'https://a.example', { title: 'A', description: '', site: 'a.example', picture: { hash: picture_hash, width: 1, height: 1, thumbhash: '', mime: 'image/webp' } })] });
    places[name] = { name, ...at, group_id: groups.get(at)!, emoji_id: emoji.get(at)!, channel_id: channel.id, message_id, file_id };
  }
  const dataDirectory = mkdtempSync(join(tmpdir(), 'parley-permissions-'));
  const search = new MemorySearchIndex();
  await new SearchIndexer({ ...world.deps, search }).catchUp();
  return {
    people, places, picture_hash,
    trial: async (store) => {
      const trial = testWorld({ clock, random, store: store ?? openMemoryStore({ clock, random, state: { ...state } }), config: { dataDirectory }, deps: { search, files: world.deps.files, cardPictures } });
      trial.workspace = world.workspace;
      trial.owner = world.owner;
      return trial;
    },
    dispose: () => rmSync(dataDirectory, { recursive: true, force: true }),
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
