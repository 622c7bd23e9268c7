import { channelStream } from '@parley/shared/domain/streams';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedLog } from '../log/embedded/embedded-log.ts';
import { TestSocket } from '../testing/realtime-kit.ts';
import { createRealtime } from '../realtime/realtime.ts';
import type { EmbeddedRegistry } from '../registry/embedded/embedded-registry.ts';
import { testWorld } from '../testing/test-core.ts';
import { openPermissionScene, PLACES, ROLES, type PermissionScene } from '../testing/permission-scene.ts';
import { ask, asked, NOT_OF_THE_TABLE, verdictOf, WALKS, type Trial } from '../testing/permission-walks.ts';

/**
 * Every route × every role × inside, beside, after and in another workspace, against the pinned table: what `can` says of
 * facts told from the scene is what the server answers.
 */

describe('permissions', () => {
  let scene: PermissionScene;
  beforeAll(async () => {
    scene = await openPermissionScene();
  });
  afterAll(() => scene.dispose());

  it('every route is walked', () => {
    const walked = new Set([...WALKS.map((w) => w.path), ...NOT_OF_THE_TABLE]);
    expect(testWorld().core.routes.map((r) => r.call.path).filter((path) => !walked.has(path))).toEqual([]);
  });

  it.each(WALKS.map((walk) => [walk.as === undefined ? walk.path : `${walk.path}, ${walk.as}`, walk] as const))('%s', async (_name, walk) => {
    for (const name of PLACES) {
      const place = scene.places[name];
      const nobody = await ask(await scene.trial(), walk, walk.input({ scene, role: 'member', place }), null);
      expect(nobody.status, `nobody, ${name}`).toBe(401);
      for (const role of ROLES) {
        const trial: Trial = { scene, role, place };
        const world = await scene.trial();
        const response = await ask(world, walk, walk.input(trial), scene.people[role].token);
        const verdict = walk.read ? walk.read(response, trial) : verdictOf(response);
        expect(verdict, `${role}, ${name}: ${response.status} ${JSON.stringify(response.body ?? null).slice(0, 200)}`).toBe(walk.verdict(trial));
        expect(world.failures).toEqual([]);
      }
    }
  });

  it('one edits and deletes one\'s own in every role', async () => {
    const place = scene.places['inside private'];
    for (const role of ROLES.filter((r) => r !== 'server admin')) {
      const world = await scene.trial();
      const by = world.as(scene.people[role]);
      const call = (path: string) => world.core.routes.find((r) => r.call.path === path)!.call;
      const sent = await by.send(call('send_message'), { channel_id: place.channel_id, content: 'mine', client_msg_id: 'own' });
      const { message_id } = sent.body as { message_id: string };
      for (const [path, more] of [['edit_message', { content: 'still mine' }], ['delete_message', {}]] as const) expect((await by.send(call(path), { message_id, ...more })).status, `${role} ${path}`).toBe(200);
    }
  });

  describe('frames', () => {
    it.each(ROLES)('%s: hello, look, live and typing show what may be seen', async (role) => {
      const world = await scene.trial();
      const registry = world.deps.presence as EmbeddedRegistry;
      const realtime = createRealtime(world.deps, { log: new EmbeddedLog(world), registry, alone: true });
      await realtime.start();
      const person = scene.people[role];
      const connect = async (user: { token: string }, hello: object): Promise<TestSocket> => {
        const socket = new TestSocket();
        socket.events = realtime.gateway.accept(socket, { address: '127.0.0.1', cookieToken: null });
        socket.say({ type: 'hello', token: user.token, cursors: {}, ...hello });
        await world.clock.advance(50);
        return socket;
      };
      const places = PLACES.map((name) => scene.places[name]);
      const ids = places.map((p) => p.channel_id);
      const byHello = await connect(person, { cursors: Object.fromEntries(ids.map((id) => [channelStream(id), 0])), looking_at: ids });
      const byLook = await connect(person, {});
      byLook.say({ type: 'look', channel_ids: ids });
      await world.clock.advance(50);
      const nobody = await connect({ token: 'nobody' }, {});
      expect(nobody.closed).toBe(4001);
      const deltas = byHello.of('delta');
      for (const place of places) {
        const stream = channelStream(place.channel_id);
        const sees = asked({ scene, role, place }, 'channel.view') === 'allowed';
        const label = `${role}, ${place.name}`;
        const told = deltas.filter((f) => f['stream'] === stream);
        expect(told.length, label).toBeGreaterThan(0);
        expect(told.every((f) => f['gone'] === true), label).toBe(!sees);
        for (const socket of [byHello, byLook]) socket.forget();
        const { call } = world.core.routes.find((r) => r.call.path === 'send_message')!;
        await world.as(place.maker).send(call, { channel_id: place.channel_id, content: 'live', client_msg_id: 'live' });
        const typist = await connect(place.maker, { looking_at: [place.channel_id] });
        typist.say({ type: 'typing', channel_id: place.channel_id });
        await world.clock.advance(50);
        for (const socket of [byHello, byLook]) {
          expect(socket.of('live').some((f) => f['stream'] === stream), label).toBe(sees);
          const own = place.maker.id === person.id;
          if (!own) expect(socket.of('typing').some((f) => f['channel_id'] === place.channel_id), label).toBe(sees);
          expect(JSON.stringify(socket.frames).includes(place.channel_id) && !sees && socket.of('live').length > 0, label).toBe(false);
        }
      }
      await realtime.stop();
    });
  });
});
