import { createWorkspace, deactivateUser } from '@parley/shared/protocol/calls/accounts';
import { removeEmoji } from '@parley/shared/protocol/calls/emoji';
import { LIMITS } from '@parley/shared/protocol/limits';
import type { CustomEmoji } from '@parley/shared/protocol/entities';
import * as fc from 'fast-check';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { blobs, claims } from '../../storage/tables.ts';
import { FileWorld } from '../../testing/file-world.ts';
import type { TestUser } from '../../testing/test-core.ts';

let at: FileWorld;
let alice: TestUser;
let bob: TestUser;
beforeEach(async () => {
  at = await FileWorld.open();
  ({ alice, bob } = at.talk);
});
afterEach(async () => {
  expect(at.world.failures).toEqual([]);
  await at.close();
});

const ws = () => at.talk.world.workspace.id;
const png = (width = 300, height = 200) => sharp({ create: { width, height, channels: 4, background: '#2060c0' } }).png().toBuffer();
/** Frames of other colours. */
async function gif(frames = 3): Promise<Buffer> {
  const each = await Promise.all(Array.from({ length: frames }, (_, n) => sharp({ create: { width: 200, height: 200, channels: 3, background: { r: 80 * n, g: 40, b: 200 - 60 * n } } }).png().toBuffer()));
  return sharp(each, { join: { animated: true } }).gif().toBuffer();
}
const send = (person: Pick<TestUser, 'token'> | null, name: string, body: Uint8Array | string, workspaceId = ws()) => at.ask(person, 'POST', `add_emoji?workspace_id=${workspaceId}&name=${encodeURIComponent(name)}`, { 'content-type': 'image/png' }, body);
async function add(name: string, body: Uint8Array): Promise<CustomEmoji> {
  const answer = await send(alice, name, body);
  expect(answer.status, answer.bytes.toString()).toBe(201);
  return answer.json as CustomEmoji;
}

describe('custom emoji', () => {
  it('are refused to strangers and guests, under wrong or standard names, and when they are no pictures', async () => {
    const picture = await png();
    expect((await send(null, 'a_b', picture)).status).toBe(401);
    expect((await send(at.talk.guest, 'a_b', picture)).status).toBe(403);
    const other = await at.talk.as(at.talk.olivia).call(createWorkspace, { name: 'Other' });
    expect((await send(alice, 'a_b', picture, other.id)).status).toBe(404);
    for (const name of ['', 'A', 'a b', ':a:', 'é', 'x'.repeat(65)]) expect(await send(alice, name, picture), name).toMatchObject({ status: 400, json: { errors: [{ path: 'name' }] } });
    for (const name of ['tada', '+1', 'thumbsup', 'rocket', 'parrot']) expect(await send(alice, name, picture), name).toMatchObject({ status: 400, json: { errors: [{ path: 'name' }] } });
    expect(await send(alice, 'a_b', '<svg xmlns="http://www.w3.org/2000/svg"/>')).toMatchObject({ status: 415 });
    expect(await send(alice, 'a_b', '')).toMatchObject({ status: 415 });
    expect(await send(alice, 'a_b', picture.subarray(0, 60))).toMatchObject({ status: 415 });
    expect(await send(alice, 'a_b', Buffer.concat([picture, Buffer.alloc(LIMITS.emoji_upload_bytes)]))).toMatchObject({ status: 413 });
    expect(await at.talk.store.read((tx) => tx.count(blobs, {}))).toBe(0);
  });

  it('whatever the body is, it is a picture made anew or a refusal', async () => {
    const picture = await png(40, 40);
    let n = 0;
    await fc.assert(fc.asyncProperty(fc.integer({ min: 0, max: picture.length - 1 }), fc.uint8Array({ maxLength: 30 }), async (from, junk) => {
      const broken = Buffer.from(picture);
      broken.set(junk.subarray(0, broken.length - from), from);
      const answer = await send(alice, `fuzz_${n++}`, broken);
      expect([201, 413, 415]).toContain(answer.status);
    }), { numRuns: 40 });
  });

  it('whatever the name is, it is one that may be or a refusal that says so', async () => {
    const picture = await png(4, 4);
    await fc.assert(fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 70 }), async (name) => {
      const answer = await send(alice, name, picture);
      if (/^[a-z0-9_+-]{1,64}$/.test(name)) expect([201, 400, 409]).toContain(answer.status);
      else expect(answer).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
    }), { numRuns: 60 });
  });

  it('are made anew in a small box, and an animation goes on moving beside a still one', async () => {
    const still = await add('harbour', await png());
    expect(still).toMatchObject({ name: 'harbour', workspace_id: ws(), animated: false, width: 128, height: 85, added_by: alice.id });
    const served = await at.ask(bob, 'GET', `emoji/${still.id}`);
    expect(served.headers).toMatchObject({ 'content-type': 'image/webp', 'x-content-type-options': 'nosniff', 'content-security-policy': "sandbox; default-src 'none'", 'cache-control': 'private, max-age=86400, immutable' });
    expect(await sharp(served.bytes).metadata()).toMatchObject({ format: 'webp', width: 128, height: 85 });
    const moving = await add('party_parrot', await gif());
    expect(moving).toMatchObject({ animated: true, width: 128, height: 128 });
    expect((await sharp((await at.ask(bob, 'GET', `emoji/${moving.id}`)).bytes, { animated: true }).metadata()).pages).toBe(3);
    expect((await sharp((await at.ask(bob, 'GET', `emoji/${moving.id}?still=true`)).bytes, { animated: true }).metadata()).pages ?? 1).toBe(1);
    expect((await add('dot', await png(1, 1))).width).toBe(1);
  });

  it('are read by people of the workspace alone, once for each picture', async () => {
    const emoji = await add('harbour', await png());
    const first = await at.ask(at.talk.guest, 'GET', `emoji/${emoji.id}`);
    expect(first.status).toBe(200);
    expect((await at.ask(bob, 'GET', `emoji/${emoji.id}`, { 'if-none-match': first.headers.etag! })).status).toBe(304);
    expect((await at.ask(null, 'GET', `emoji/${emoji.id}`)).status).toBe(401);
    const other = await at.talk.as(at.talk.olivia).call(createWorkspace, { name: 'Other' });
    const stranger = await at.talk.world.createUser('sam', { workspace_id: other.id });
    expect((await at.ask(stranger, 'GET', `emoji/${emoji.id}`)).status).toBe(404);
    await at.talk.as(at.talk.olivia).call(deactivateUser, { workspace_id: ws(), user_id: bob.id });
    expect((await at.ask(bob, 'GET', `emoji/${emoji.id}`)).status).toBe(404);
  });

  it('have a name of their own in the workspace, and leave nothing behind', async () => {
    const picture = await png();
    const emoji = await add('harbour', picture);
    expect(await send(bob, 'harbour', picture)).toMatchObject({ status: 409, json: { errors: [{ path: 'name' }] } });
    // The same picture under two names is kept once.
    const twin = await add('harbour_2', picture);
    await at.talk.as(bob).call(removeEmoji, { emoji_id: emoji.id });
    expect((await at.ask(alice, 'GET', `emoji/${emoji.id}`)).status).toBe(404);
    expect((await at.ask(alice, 'GET', `emoji/${twin.id}`)).status).toBe(200);
    expect((await at.talk.store.read((tx) => tx.find(blobs, { limit: 10 }))).map((row) => row.refs)).toEqual([1]);
    expect(await at.talk.as(bob).refused(removeEmoji, { emoji_id: emoji.id })).toMatchObject({ code: 'not_found' });
    await at.talk.as(bob).call(removeEmoji, { emoji_id: twin.id });
    expect((await at.talk.store.read((tx) => tx.find(blobs, { limit: 10 }))).map((row) => row.refs)).toEqual([0]);
    expect((await at.talk.store.read((tx) => tx.find(claims, { limit: 1_000 }))).filter((row) => row.id.startsWith('emoji:'))).toEqual([]);
    await add('harbour', picture);
  });
});
