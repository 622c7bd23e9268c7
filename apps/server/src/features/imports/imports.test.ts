import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { getChannels, getMembers } from '@parley/shared/protocol/calls/channels';
import { getMessages, sendMessage } from '@parley/shared/protocol/calls/messages';
import type { Channel, Message } from '@parley/shared/protocol/entities';
import { channelStream } from '@parley/shared/domain/streams';
import { systemClock, systemRandom } from '../../platform/system.ts';
import { headOf } from '../../storage/streams.ts';
import { entities, importSkips, mentions, users, type ImportRow } from '../../storage/tables.ts';
import { openSqliteStore } from '../../storage/sqlite/sqlite-store.ts';
import type { Store } from '../../storage/port.ts';
import { testWorld, type World } from '../../testing/test-core.ts';
import { dmChannelId } from '../channels/dm-id.ts';
import { mapped } from './import-rows.ts';
import { progressOf } from './import-progress.ts';
import { Interrupted } from './import-run.ts';
import { runImport } from './imports.service.ts';
import { SlackArchive } from './slack/slack-archive.ts';
import { survey } from './survey.ts';
import { said, smallExport, testUser, zipOf, type TestFiles } from './testing.ts';

const directory = mkdtempSync(join(tmpdir(), 'parley-import-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const SAMPLE = fileURLToPath(new URL('../../../../../samples/irc-small-slack-export.zip', import.meta.url));
let files = 0;

function archiveOf(content: TestFiles | Buffer): string {
  const path = join(directory, `${++files}.zip`);
  writeFileSync(path, Buffer.isBuffer(content) ? content : zipOf(content));
  return path;
}

const STORES: { name: string; open: () => Promise<Store | undefined> }[] = [
  { name: 'memory', open: async () => undefined },
  { name: 'sqlite', open: async () => openSqliteStore({ file: join(directory, `${++files}.db`), writer: 'inline' }) },
];

async function begin(world: World, path: string, workspace = world.workspace.id): Promise<string> {
  const id = crypto.randomUUID();
  await world.store.run('imports.create', { id, workspace_id: workspace, user_id: world.owner.id, kind: 'slack', path, fingerprint: path, job: false });
  return id;
}

const deps = (world: World) => ({ store: world.store, random: systemRandom, clock: systemClock });

async function imported(world: World, content: TestFiles | string): Promise<{ row: ImportRow; counts: Record<string, number>; skipped: string[] }> {
  const id = await begin(world, typeof content === 'string' ? content : archiveOf(content));
  const row = await runImport(deps(world), id);
  const skips = await world.store.read((tx) => tx.find(importSkips, { prefix: [id], limit: 1_000 }));
  return { row, counts: progressOf(row).counts, skipped: skips.map(({ where, reason }) => `${where}: ${reason}`) };
}

const channelsOf = async (world: World): Promise<Map<string, Channel>> => {
  const list = async (archived: boolean) => (await world.as(world.owner).call(getChannels, { workspace_id: world.workspace.id, archived, page_size: 200 })).items;
  return new Map([...(await list(false)), ...(await list(true))].map((channel) => [channel.name, channel]));
};
async function messagesOf(world: World, channelId: string, who = world.owner): Promise<Message[]> {
  return (await world.as(who).call(getMessages, { channel_id: channelId, after_seq: 0, page_size: 200 })).messages;
}
/** Everything of the import that a person could notice, to compare two ways of getting there. */
const shape = (list: readonly Message[]) => list.map((m) => [m.seq, m.created_at, m.kind, m.content.replace(/[0-9a-f-]{36}/g, 'ID'), m.thread?.reply_count ?? 0, m.reactions.map((r) => [r.emoji, r.count])]);

describe.each(STORES)('import into $name', ({ open }) => {
  const world = async () => testWorld({ store: await open() }).setUp();

  test('brings people, channels, messages, threads, reactions and files', async () => {
    const w = await world();
    const { row, counts, skipped } = await imported(w, smallExport());
    expect(row.state).toBe('done');
    expect(counts).toMatchObject({ users: 7, channels: 4, messages: 12, replies: 2, reactions: 3, files: 1, notices: 2 });
    const channels = await channelsOf(w);
    expect([...channels.keys()].sort()).toEqual(['general', 'röhren-rohre']);
    expect(channels.get('röhren-rohre')).toMatchObject({ archived: true, member_count: 3 });
    const general = channels.get('general')!;
    expect(general).toMatchObject({ topic: 'Welcome', head_seq: 10 });
    expect(general.importing).toBeUndefined();
    const list = await messagesOf(w, general.id);
    expect(list.map((m) => [m.kind, m.content.replace(/[0-9a-f-]{36}/g, 'ID')])).toEqual([
      ['system', '<@ID> has joined the channel'], ['text', 'Hello **all**, <@ID> see <#ID> & [x](http://x.org)'], ['text', 'a reply'], ['text', 'told to all'], ['me', 'waves'], ['text', ''],
      ['bot', 'green\n\n> [Job 7](http://ci.org/7)\n> took 3 min'], ['system', '<@ID> set the channel topic: Welcome'], ['text', 'from outside'], ['text', 'late to a thread'],
    ]);
    expect(list.every((m) => m.imported)).toBe(true);
    const root = list[1]!;
    expect(root.created_at).toBe('2020-01-01T00:00:01.000200Z');
    expect(root.thread).toMatchObject({ reply_count: 2, last_reply_seq: 4, participant_ids: [list[2]!.author_id, list[3]!.author_id] });
    expect(root.reactions.map((r) => [r.emoji, r.count])).toEqual([['👍\ufe0f', 2], ['party_parrot', 1]]);
    expect(root.mentions.user_ids).toEqual([list[2]!.author_id]);
    expect(list[2]).toMatchObject({ parent_message_id: root.id, broadcast: false, edited_at: '2020-01-01T00:00:05.000000Z' });
    expect(list[3]).toMatchObject({ parent_message_id: root.id, broadcast: true });
    expect(list[5]!.files).toMatchObject([{ name: 'plan.pdf', size: 1234, mime: 'application/pdf' }]);
    expect(list[7]!.system).toEqual({ event: 'topic', text: 'Welcome' });
    expect(skipped.join('\n')).toMatch(/the username "\|Ann\|" became ann/);
    for (const reason of ['the username "Bob!" became bob-2', 'lobby, the archive\'s general channel, went into general', 'an edit of another message', 'has no valid time', 'Otto Outside is not in it', 'start of its thread is not in this channel', '1 files are listed by name']) {
      expect(skipped.some((line) => line.includes(reason)), reason).toBe(true);
    }
  });

  test('imported people are members who cannot sign in; nothing counts as unread or mentioned', async () => {
    const w = await world();
    await imported(w, smallExport());
    const scope = `${w.workspace.id}/slack/user`;
    const [ann, bob, gone] = await w.store.read((tx) => Promise.all(['U1', 'U2', 'U4'].map((id) => mapped(tx, scope, id))));
    const row = (await w.store.read((tx) => tx.get(users, [ann!])))!;
    expect(row).toMatchObject({ password_hash: null, server_role: 'member', doc: { username: 'ann', display_name: '|Ann|', email: 'Ann@slack.example' } });
    expect((await w.store.read((tx) => tx.get(users, [gone!])))!.doc.deactivated).toBe(true);
    const general = (await channelsOf(w)).get('general')!;
    const members = (await w.as(w.owner).call(getMembers, { channel_id: general.id, page_size: 200 })).items;
    expect(members.map((m) => m.user_id)).toEqual(expect.arrayContaining([w.owner.id, ann, bob]));
    expect(members.map((m) => m.user_id)).not.toContain(gone);
    const positions = await w.store.read((tx) => Promise.all([w.owner.id, ann!].map((id) => tx.get(entities, [`user:${id}`, 'membership', general.id]))));
    expect(positions.map((p) => (p!.doc as { read_seq: number }).read_seq)).toEqual([10, 10]);
    expect(await w.store.read((tx) => tx.find(mentions, { limit: 10 }))).toEqual([]);
    const dm = dmChannelId(w.workspace.id, [ann!, bob!]);
    expect((await w.store.read((tx) => headOf(tx, channelStream(dm)))).seq).toBe(1);
    expect((await w.as(w.owner).refused(getMessages, { channel_id: dm })).code).toBe('not_found');
  });

  test('a second run adds nothing; what people wrote since is kept, and older history goes beside it', async () => {
    const w = await world();
    await imported(w, smallExport());
    const nothing = { users: 0, channels: 0, messages: 0, replies: 0, reactions: 0, files: 0, notices: 0 };
    expect((await imported(w, smallExport())).counts).toMatchObject(nothing);
    const general = (await channelsOf(w)).get('general')!;
    expect((await messagesOf(w, general.id)).length).toBe(10);

    const more = smallExport();
    more['lobby/2020-01-03.json'] = [said('1578009600.000100', 'U1', 'newer')];
    expect((await imported(w, more)).counts).toMatchObject({ ...nothing, messages: 1 });
    expect((await messagesOf(w, general.id)).map((m) => m.content).at(-1)).toBe('newer');

    await w.as(w.owner).call(sendMessage, { channel_id: general.id, content: 'live', client_msg_id: 'm1' });
    more['lobby/2019-12-31.json'] = [said('1577750400.000100', 'U1', 'older')];
    more['lobby/2020-01-04.json'] = [said('1578096000.000100', 'U1', 'newest')];
    const after = await imported(w, more);
    expect(after.counts).toMatchObject({ ...nothing, channels: 1, messages: 2 });
    expect(after.skipped.join('\n')).toContain('went to a new channel, lobby-2');
    expect((await messagesOf(w, general.id)).map((m) => m.content).slice(-2)).toEqual(['newer', 'live']);
    expect((await messagesOf(w, (await channelsOf(w)).get('lobby-2')!.id)).map((m) => m.content)).toEqual(['older', 'newest']);
    expect((await imported(w, more)).counts).toMatchObject(nothing);
  });

  test('general that people have used stays theirs', async () => {
    const w = await world();
    const general = (await channelsOf(w)).get('general')!;
    await w.as(w.owner).call(sendMessage, { channel_id: general.id, content: 'first', client_msg_id: 'm1' });
    expect((await imported(w, smallExport())).counts).toMatchObject({ channels: 5 });
    expect((await channelsOf(w)).get('lobby')).toMatchObject({ head_seq: 10 });
    expect((await messagesOf(w, general.id)).length).toBe(1);
  });

  test('an interrupted run goes on wherever it was stopped, and ends as one that was not', async () => {
    const whole = await world();
    await imported(whole, smallExport());
    const expected = shape(await messagesOf(whole, (await channelsOf(whole)).get('general')!.id));
    const w = await world();
    const id = await begin(w, archiveOf(smallExport()));
    let runs = 0;
    for (let row: ImportRow | undefined; row?.state !== 'done'; ) {
      const stop = new AbortController();
      runs++;
      let steps = 0;
      row = await runImport(deps(w), id, { signal: stop.signal, onProgress: (_progress, stage) => void (!stage.startsWith('checking') && ++steps === runs && stop.abort()) }).catch((error: unknown) => {
        if (error instanceof Interrupted) return undefined;
        throw error;
      });
      if (row) expect(progressOf(row).counts).toMatchObject({ users: 7, channels: 4, messages: 12, replies: 2, reactions: 3, files: 1, notices: 2 });
    }
    expect(runs).toBeGreaterThan(3);
    const general = (await channelsOf(w)).get('general')!;
    expect(shape(await messagesOf(w, general.id))).toEqual(expected);
    expect(general.importing).toBeUndefined();
  });

  test('nobody posts where an import is at work, and a failed one lets go', async () => {
    const w = await world();
    const id = await begin(w, archiveOf(smallExport()));
    const general = (await channelsOf(w)).get('general')!;
    const stop = new AbortController();
    await expect(runImport(deps(w), id, { signal: stop.signal, onProgress: (_, stage) => void (stage.startsWith('lobby/') && stop.abort()) })).rejects.toThrow(Interrupted);
    expect((await w.as(w.owner).refused(sendMessage, { channel_id: general.id, content: 'x', client_msg_id: 'm1' })).code).toBe('forbidden');
    await w.store.run('imports.fail', { import_id: id, error: 'given up' });
    await w.as(w.owner).call(sendMessage, { channel_id: general.id, content: 'x', client_msg_id: 'm1' });
  });

  test('no events are told while messages come, and one at the end of each channel', async () => {
    const w = await world();
    const general = (await channelsOf(w)).get('general')!;
    const told: [number, number, boolean][] = [];
    w.store.onCommitted((events) => events.filter((e) => e.stream === channelStream(general.id)).forEach((e) => told.push([e.from, e.rev, e.entities === undefined])));
    await imported(w, smallExport());
    const last = told.filter(([, , whole]) => whole);
    expect(last).toHaveLength(1);
    expect(last[0]![1]).toBe((await channelsOf(w)).get('general')!.head_rev);
    expect(last[0]![0]).toBe(told[0]![1]);
  });

  test('a dry run tells the same and changes nothing', async () => {
    const w = await world();
    const archive = await SlackArchive.open(archiveOf(smallExport()));
    const before = (await channelsOf(w)).get('general');
    const found = await survey(archive, { into: { store: w.store, workspace_id: w.workspace.id, kind: 'slack' } });
    expect(found.counts).toMatchObject({ users: 7, channels: 4, messages: 12, reactions: 3, files: 1, notices: 2 });
    expect((await channelsOf(w)).get('general')).toEqual(before);
    await imported(w, smallExport());
    expect((await survey(archive, { into: { store: w.store, workspace_id: w.workspace.id, kind: 'slack' } })).counts).toMatchObject({ users: 0, channels: 0, messages: 0, known: 14 });
    archive.close();
  });

  test('an email or username that somebody has is not taken over', async () => {
    const w = await world();
    const { counts } = await imported(w, { 'users.json': [testUser('U1', 'olivia', { profile: { email: 'olivia@example.org' } })], 'channels.json': [] });
    expect(counts['users']).toBe(1);
    const id = await w.store.read((tx) => mapped(tx, `${w.workspace.id}/slack/user`, 'U1'));
    const { doc } = (await w.store.read((tx) => tx.get(users, [id!])))!;
    expect(doc).toMatchObject({ username: 'olivia-2' });
    expect(doc.email).toBeUndefined();
  });
});

describe('damaged archives fail with file and line, and change nothing', () => {
  const whole = zipOf(smallExport());
  const cases: [name: string, content: TestFiles | Buffer, error: RegExp][] = [
    ['no zip', Buffer.from('{}'), /is not a whole zip archive/],
    ['empty', Buffer.alloc(0), /is not a whole zip archive/],
    ['cut short', whole.subarray(0, whole.length - 40), /is not a whole zip archive/],
    ['cut in the middle', whole.subarray(0, whole.length / 2), /is not a whole zip archive/],
    ['bad checksum', zipOf(smallExport(), { damage: ['lobby/2020-01-01.json'] }), /^lobby\/2020-01-01\.json: is damaged/],
    ['encrypted', zipOf(smallExport(), { encrypt: ['users.json'] }), /^users\.json: is encrypted/],
    ['no users', { 'channels.json': [] }, /^users\.json: is missing/],
    ['no channels', { 'users.json': [] }, /^channels\.json: is missing/],
    ['bad JSON', { ...smallExport(), 'lobby/2020-01-01.json': '[\n {"type": "message",\n  "ts": }\n]' }, /^lobby\/2020-01-01\.json:3: is not JSON/],
    ['ends early', { ...smallExport(), 'lobby/2020-01-01.json': '[\n {"type": "message"},\n' }, /^lobby\/2020-01-01\.json:3: ends in the middle/],
    ['no array', { ...smallExport(), 'users.json': '{"ok": false}' }, /^users\.json:1: is not a JSON array/],
    ['no objects', { ...smallExport(), 'lobby/2020-01-01.json': '[\n1]' }, /^lobby\/2020-01-01\.json:2: is not an object/],
    ['two values', { ...smallExport(), 'users.json': '[] []' }, /^users\.json:1: is not JSON: unexpected "\[" after the end/],
    ['not UTF-8', Buffer.from(zipOf({ ...smallExport(), 'users.json': '[]' })), /./],
    ['user without id', { ...smallExport(), 'users.json': '[\n{"name":"x"}]' }, /^users\.json:2: this user has no id/],
    ['user twice', { ...smallExport(), 'users.json': '[{"id":"U1"},\n{"id":"U1"}]' }, /^users\.json:2: the id U1 is there twice/],
    ['channel twice', { ...smallExport(), 'channels.json': '[{"id":"C1","name":"a"},\n{"id":"C1","name":"b"}]' }, /^channels\.json:2: the id C1 is there twice/],
    ['two channels in one directory', { ...smallExport(), 'channels.json': '[{"id":"C1","name":"a"},\n{"id":"C2","name":"a"}]' }, /^channels\.json:2: the directory "a"/],
    ['leads outside', { ...smallExport(), '../evil.json': [] }, /invalid relative path/],
    ['absolute', { ...smallExport(), '/etc/x.json': [] }, /absolute path/],
    ['bomb', { ...smallExport(), 'lobby/2020-01-05.json': `[${' '.repeat(4_000_000)}]` }, /^lobby\/2020-01-05\.json: unpacks to suspiciously much/],
  ];
  test.each(cases.filter(([name]) => name !== 'not UTF-8'))('%s', async (_name, content, error) => {
    const w = await testWorld().setUp();
    const before = await w.store.read((tx) => tx.find(users, { limit: 10 }));
    const { row } = await imported(w, archiveOf(content));
    expect(row.state).toBe('failed');
    expect(progressOf(row).error).toMatch(error);
    expect(await w.store.read((tx) => tx.find(users, { limit: 10 }))).toEqual(before);
    expect([...(await channelsOf(w)).keys()]).toEqual(['general']);
  });

  test('an archive that is not there any more', async () => {
    const w = await testWorld().setUp();
    const { row } = await imported(w, join(directory, 'nowhere.zip'));
    expect(row).toMatchObject({ state: 'failed', status: { error: 'the archive is not there any more' } });
  });

  test('a folder that was packed as a whole is read all the same', async () => {
    const w = await testWorld().setUp();
    const inside = Object.fromEntries(Object.entries(smallExport()).map(([name, value]) => [`export/${name}`, value]));
    expect((await imported(w, inside)).counts).toMatchObject({ users: 7, messages: 12 });
  });

  test('messages out of order are put in order', async () => {
    const w = await testWorld().setUp();
    const { counts } = await imported(w, { 'users.json': [testUser('U1', 'ann')], 'channels.json': [{ id: 'C1', name: 'x' }], 'x/2020-01-01.json': [said('3.000000', 'U1', 'c'), said('1.000000', 'U1', 'a'), said('1.000000', 'U1', 'again')], 'x/2020-01-02.json': [said('2.000000', 'U1', 'b')] });
    expect(counts).toMatchObject({ messages: 3 });
    expect((await messagesOf(w, (await channelsOf(w)).get('x')!.id)).map((m) => m.content)).toEqual(['a', 'b', 'c']);
  });
});

test('the sample archive comes whole, and a second time adds nothing', async () => {
  const w = await testWorld({ store: await openSqliteStore({ file: join(directory, 'sample.db'), writer: 'inline' }) }).setUp();
  const { row, counts } = await imported(w, SAMPLE);
  expect(row.state).toBe('done');
  expect(counts).toEqual({ users: 2_335, channels: 4, messages: 25_633, replies: 4_159, reactions: 0, files: 0, notices: 496, known: 0 });
  const channels = await channelsOf(w);
  expect([...channels.values()].reduce((sum, channel) => sum + channel.head_seq, 0)).toBe(26_129);
  expect([...channels.keys()].sort()).toEqual(['general', 'mediawiki', 'rust', 'stripe', 'ubuntu-meeting']);
  expect((await imported(w, SAMPLE)).counts).toEqual({ users: 0, channels: 0, messages: 0, replies: 0, reactions: 0, files: 0, notices: 0, known: 26_129 });
  await w.store.close();
}, 180_000);
