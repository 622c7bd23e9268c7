import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseMentions } from '@parley/shared/domain/mentions';
import { channelStream, userStream } from '@parley/shared/domain/streams';
import { inboxConsumer } from '../../apps/server/src/features/inbox/inbox.service.ts';
import { fingerprintOf } from '../../apps/server/src/features/messages/messages.service.ts';
import type { Row, Store, StoredEvent } from '../../apps/server/src/storage/port.ts';
import { openSqliteStore } from '../../apps/server/src/storage/sqlite/sqlite-store.ts';

export interface InboxFigures {
  send: string;
  sends: number;
  /** From the call to the acknowledgement, microseconds. */
  send_us: number;
  /** The same, and then until the inboxes are written. */
  with_inbox_us: number;
  inbox_us: number;
  /** Entries of inboxes written for one send. */
  rows: number;
}

const MEMBERS = 1_000;
const SENDS = 400;
const TEXT = 'Does anybody know why the build on the second machine takes twice as long since Tuesday? I looked at the logs.';

interface World { store: Store; events: StoredEvent[]; people: string[]; room: string; dms: string[]; run(name: string, args: unknown): Promise<unknown> }

/** `npm run bench -- inbox [SENDS]`: what people's inboxes cost a send in a channel of 1,000, one after the other, each kind with and without them. */
export async function run(args: readonly string[] = []): Promise<{ name: 'inbox'; figures: InboxFigures[] }> {
  const sends = Number(args[0] ?? SENDS);
  const directory = mkdtempSync(join(tmpdir(), 'parley-bench-inbox-'));
  const store = await openSqliteStore({ file: join(directory, 'parley.db'), commandsModule: new URL('./fanout.child.commands.ts', import.meta.url).href });
  try {
    const world = await seed(store);
    const { people, room, dms } = world;
    const at = (i: number): string => `<@${people[1 + (i % (MEMBERS - 1))]!}>`;
    const kinds: [name: string, sends: number, message: (i: number) => { channel: string; content: string }][] = [
      ['a message that concerns nobody', sends, () => ({ channel: room, content: TEXT })],
      ['one that names a person', sends, (i) => ({ channel: room, content: `${at(i)} ${TEXT}` })],
      ['one that names ten', sends, (i) => ({ channel: room, content: `${Array.from({ length: 10 }, (_, n) => at(i * 10 + n)).join(' ')} ${TEXT}` })],
      ['a direct message', sends, (i) => ({ channel: dms[i % dms.length]!, content: TEXT })],
      ['<!channel> in the channel of 1,000', Math.max(4, Math.round(sends / 40)), () => ({ channel: room, content: `<!channel> ${TEXT}` })],
    ];
    const figures: InboxFigures[] = [];
    for (const [name, n, message] of kinds) figures.push(await measure(world, name, n, message));
    for (let i = 0; i < people.length; i++) await world.run('preferences.set', { user_id: people[i], key: 'notify_keywords', value: [`word${i}`, 'harbour'] });
    figures.push(await measure(world, 'nobody, where each of 1,000 has keywords', sends, () => ({ channel: room, content: TEXT })));
    figures.push(await measure(world, 'a keyword of one of 1,000', sends, (i) => ({ channel: room, content: `word${1 + (i % (MEMBERS - 1))} ${TEXT}` })));
    console.table(figures);
    return { name: 'inbox', figures };
  } finally {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Sends without inboxes and with them take turns, so that whatever else the machine does befalls both. */
async function measure(world: World, send: string, sends: number, message: (i: number) => { channel: string; content: string }): Promise<InboxFigures> {
  const consumer = inboxConsumer(world.store);
  const one = async (i: number): Promise<void> => {
    const { channel, content } = message(i);
    const input = { content };
    await world.store.run('messages.send', { who: { user_id: world.people[0]!, server_role: 'member' }, channel_id: channel, content, client_msg_id: randomUUID(), fingerprint: fingerprintOf(input), named: parseMentions(content), here_ids: [] });
  };
  let [bare, whole, rows] = [0, 0, 0];
  for (let i = -20; i < sends; i++) {
    let began = performance.now();
    await one(i + 20);
    if (i >= 0) bare += performance.now() - began;
    world.events.length = 0;
    began = performance.now();
    await one(i + 20);
    for (const event of [...world.events]) if (consumer.wants(event)) await consumer.consume(event);
    if (i < 0) continue;
    whole += performance.now() - began;
    rows += world.events.reduce((n, event) => n + (event.entities ?? []).filter((entity) => entity.type === 'inbox_entry').length, 0);
  }
  const us = (ms: number): number => Math.round((ms / sends) * 1_000);
  return { send, sends, send_us: us(bare), with_inbox_us: us(whole), inbox_us: us(whole) - us(bare), rows: Number((rows / sends).toFixed(1)) };
}

async function seed(store: Store): Promise<World> {
  const run = store.run.bind(store) as unknown as World['run'];
  const events: StoredEvent[] = [];
  store.onCommitted((committed) => void events.push(...committed));
  const workspace_id = randomUUID();
  const people = Array.from({ length: MEMBERS }, () => randomUUID());
  const room = randomUUID();
  const dms = Array.from({ length: 100 }, () => randomUUID());
  const rows: { table: string; row: Row }[] = [];
  const channel = (id: string, kind: string, members: readonly string[]): void => {
    const doc = { id, workspace_id, kind, name: kind === 'dm' ? '' : 'bench', topic: '', purpose: '', member_count: members.length, archived: false, posting: 'everyone', created_at: '2026-01-01T00:00:00.000Z', head_seq: 0, head_rev: 1, purged_through_seq: 0 };
    rows.push({ table: 'channels', row: { id, workspace_id, kind, rev: 1, browse_name: null, members: members.length, counted_at: 0, doc } }, { table: 'heads', row: { stream: channelStream(id), rev: 1, seq: 0, last_at: 0, floor: 0 } });
    for (const user_id of members) rows.push({ table: 'members', row: { channel_id: id, user_id, role: user_id === people[0] ? 'moderator' : 'member', stay_id: user_id, visible_from_seq: 1, joined_seq: 0, joined_at: 0 } });
  };
  people.forEach((id, i) => rows.push(
    { table: 'workspace_members', row: { workspace_id, user_id: id, role: 'member', joined_at: 0, deactivated: 0, sort_name: `u${i}` } },
    { table: 'heads', row: { stream: userStream(id), rev: 1, seq: 0, last_at: 0, floor: 0 } },
  ));
  channel(room, 'public', people);
  dms.forEach((id, i) => channel(id, 'dm', [people[0]!, people[i + 1]!]));
  for (let i = 0; i < rows.length; i += 500) await run('bench.put', { rows: rows.slice(i, i + 500) });
  return { store, events, people, room, dms, run };
}
