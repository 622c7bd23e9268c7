import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as calls from '@parley/shared/protocol/calls/accounts';
import { Conversation, STORES } from '../../testing/conversation-world.ts';
import { deviceCursors, sessions } from '../../storage/tables.ts';
import type { TestUser } from '../../testing/test-core.ts';
import { StoreJobs } from '../../jobs/store-jobs.ts';
import { MAX_NOTED_STREAMS } from './devices.commands.ts';
import { DeviceNotes, NOTE_EVERY_MS } from './device-notes.ts';
import { EXPIRE_DEVICES_JOB, expireDevices, expireDevicesJob } from './expire.service.ts';

const DAY_MS = 24 * 3_600_000;

describe.each(STORES)('devices on $adapter', (adapter) => {
  let talk: Conversation;
  let notes: DeviceNotes;
  let commands: { name: string; args: unknown }[];
  let failing: Error | null;
  const who = (user: TestUser) => ({ user_id: user.id, device_id: user.device_id });
  const cursorsOf = async (user: TestUser) => (await talk.store.read((tx) => tx.get(deviceCursors, [user.id, user.device_id])))?.cursors;
  const lastActive = async (user: TestUser) => (await talk.store.read((tx) => tx.get(sessions, [user.id, user.device_id])))!.last_active_at;
  /** Moves the clock on, then waits for what that set going. */
  const advance = async (ms: number): Promise<void> => {
    await talk.world.clock.advance(ms);
    await notes.settled();
  };

  beforeEach(async () => {
    talk = await Conversation.open(adapter);
    commands = [];
    failing = null;
    const run = (async (name: string, args: unknown) => {
      commands.push({ name, args });
      if (failing) throw failing;
      return talk.store.run(name as never, args as never);
    }) as typeof talk.store.run;
    notes = new DeviceNotes({ ...talk.world.deps, store: { ...talk.store, run } });
    notes.start();
  });
  afterEach(async () => {
    await notes.stop();
    await talk.close();
  });

  it('where a device is, is written once a minute at most, its latest word for each stream', async () => {
    for (let rev = 1; rev <= 50; rev++) {
      notes.said(who(talk.alice), 'c1', { 'channel:a': rev, ...(rev === 1 ? { 'channel:b': 7 } : {}) });
      await advance(1_000);
    }
    expect(commands).toEqual([]);
    await advance(15_000);
    expect(commands).toHaveLength(1);
    expect(await cursorsOf(talk.alice)).toEqual({ 'channel:a': 50, 'channel:b': 7 });
    notes.said(who(talk.alice), 'c1', { 'channel:a': 60 });
    await advance(NOTE_EVERY_MS + 5_000);
    expect(commands).toHaveLength(2);
    expect(await cursorsOf(talk.alice)).toEqual({ 'channel:b': 7, 'channel:a': 60 });
    await advance(5 * NOTE_EVERY_MS);
    expect(commands).toHaveLength(2);
  });

  it('is written soon after it has left, and many devices share a command', async () => {
    const people = [talk.alice, talk.bob, talk.guest, talk.olivia];
    for (const [i, person] of people.entries()) notes.said(who(person), `c${i}`, { 'channel:a': i + 1 });
    for (const i of people.keys()) notes.left(`c${i}`);
    await advance(5_000);
    expect(commands).toHaveLength(1);
    expect(await Promise.all(people.map(cursorsOf))).toEqual(people.map((_, i) => ({ 'channel:a': i + 1 })));
    notes.said(who(talk.alice), 'later', { 'channel:a': 9 });
    await notes.stop();
    expect(await cursorsOf(talk.alice)).toEqual({ 'channel:a': 9 });
  });

  it('is kept while the store is away, and newer word wins', async () => {
    failing = new Error('away');
    notes.said(who(talk.alice), 'c1', { 'channel:a': 1, 'channel:b': 1 });
    await advance(NOTE_EVERY_MS + 5_000);
    expect(await cursorsOf(talk.alice)).toBeUndefined();
    notes.said(who(talk.alice), 'c1', { 'channel:a': 2 });
    failing = null;
    await advance(NOTE_EVERY_MS + 5_000);
    expect(await cursorsOf(talk.alice)).toEqual({ 'channel:a': 2, 'channel:b': 1 });
  });

  it('a device that is only connected counts as in use, noted each ten minutes, and its session goes on', async () => {
    const before = await lastActive(talk.alice);
    for (let minute = 0; minute < 30; minute++) {
      notes.said(who(talk.alice), 'c1');
      await advance(60_000);
    }
    expect(commands.length).toBeLessThanOrEqual(4);
    expect(await lastActive(talk.alice) - before).toBeGreaterThan(19 * 60_000_000);
    const [device] = (await talk.as(talk.alice).call(calls.getDevices, {})).items;
    expect(Date.parse(device!.last_active_at)).toBe(Math.floor((await lastActive(talk.alice)) / 1_000));
    expect(await cursorsOf(talk.alice)).toBeUndefined();
  });

  it('nothing is noted of what has ended, and what was goes with the session', async () => {
    notes.said(who(talk.alice), 'c1', { 'channel:a': 1 });
    await notes.stop();
    await talk.as(talk.alice).call(calls.revokeDevice, { device_id: talk.alice.device_id });
    expect(await cursorsOf(talk.alice)).toBeUndefined();
    notes.said(who(talk.alice), 'c2', { 'channel:a': 2 });
    notes.said({ user_id: talk.alice.id, device_id: 'unknown' }, 'c3', { 'channel:a': 2 });
    await notes.stop();
    expect(await cursorsOf(talk.alice)).toBeUndefined();
    expect(await talk.store.read((tx) => tx.find(deviceCursors, { limit: 10 }))).toEqual([]);
  });

  it('of a device that follows very much, what it spoke of last is kept', async () => {
    const many = (prefix: string, n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`channel:${prefix}${i}`, 1]));
    for (const cursors of [many('a', 1_500), many('b', 1_500)]) {
      notes.said(who(talk.alice), 'c1', cursors);
      await advance(NOTE_EVERY_MS + 5_000);
    }
    const kept = Object.keys((await cursorsOf(talk.alice))!);
    expect(kept).toHaveLength(MAX_NOTED_STREAMS);
    expect(kept.filter((name) => name.startsWith('channel:b'))).toHaveLength(1_500);
  });

  it('devices not seen for 90 days end: others no longer list them, and after a month they are forgotten', async () => {
    const phone = await talk.world.signIn('alice');
    notes.said(who(phone), 'c1', { 'channel:a': 1 });
    await notes.stop();
    await talk.world.clock.advance(60 * DAY_MS);
    expect((await talk.as(talk.alice).call(calls.getDevices, {})).items).toHaveLength(2);
    await talk.store.run('accounts.touch_session', { user_id: talk.alice.id, device_id: talk.alice.device_id, address: '::1', lasts_us: 90 * DAY_MS * 1_000 });
    await talk.world.clock.advance(31 * DAY_MS);
    const seen = talk.events.length;
    // Those of bob, olivia and the guest, too.
    expect(await expireDevices(talk.world.deps)).toBe(4);
    expect(talk.events.slice(seen).flatMap((e) => e.entities ?? [])).toContainEqual(expect.objectContaining({ type: 'device', id: phone.device_id, deleted: true }));
    expect(await cursorsOf(phone)).toBeUndefined();
    expect((await talk.as(talk.alice).call(calls.getDevices, {})).items).toMatchObject([{ device_id: talk.alice.device_id }]);
    expect(await expireDevices(talk.world.deps)).toBe(0);
    expect(await talk.store.read((tx) => tx.get(sessions, [phone.id, phone.device_id]))).toBeDefined();
    await talk.world.clock.advance(31 * DAY_MS);
    await expireDevices(talk.world.deps);
    expect(await talk.store.read((tx) => tx.get(sessions, [phone.id, phone.device_id]))).toBeUndefined();
  });

  it('the job orders itself for the next day', async () => {
    await expireDevicesJob(talk.world.deps)({} as never, new AbortController().signal);
    expect(await new StoreJobs(talk.store).lease(10, 1_000)).toEqual([]);
    await talk.world.clock.advance(DAY_MS);
    expect(await new StoreJobs(talk.store).lease(10, 1_000)).toMatchObject([{ kind: EXPIRE_DEVICES_JOB }]);
  });
});
