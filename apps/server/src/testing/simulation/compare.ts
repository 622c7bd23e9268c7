import { channelStream, userStream, workspaceStream } from '@parley/shared/domain/streams';
import type { Channel, Membership, Message, Scheduled, Thread } from '@parley/shared/protocol/entities';
import { isCurrent } from '@parley/shared/sync/ranges';
import type { Engine, Timeline } from '@parley/shared/sync/api';
import { replicaOf } from '@parley/shared/sync/engine';
import type { ReadTx, Store } from '../../storage/port.ts';
import { pointerProblems } from '../../features/pointers/testing.pointers.ts';
import { headOf } from '../../storage/streams.ts';
import { channels, entities, groupMembers, members, messages, outbox, workspaceMembers } from '../../storage/tables.ts';

/** A device as it is compared with the store. */
export interface ComparedDevice {
  readonly name: string;
  readonly person: { readonly id: string; readonly username: string };
  readonly engine: Engine | null;
  readonly open: ReadonlyMap<string, Timeline>;
}
/** A send whose promise a device kept. */
export interface ComparedSend { readonly device: ComparedDevice; readonly channelId: string; readonly clientMsgId: string; readonly content: string; readonly files?: readonly string[] }
/** What is compared: of a simulation, or of real processes and their clients. */
export interface Compared {
  readonly server: { readonly errors: readonly string[]; readonly reads: { readonly problems: readonly string[] }; readonly store: Pick<Store, 'read'> };
  readonly clock: { now(): number };
  readonly people: readonly { readonly id: string; readonly username: string }[];
  readonly devices: readonly ComparedDevice[];
  readonly kept: readonly ComparedSend[];
  readonly appointed: readonly ComparedSend[];
  readonly cancelled: ReadonlySet<string>;
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined).sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, sorted(v)]));
};
const brief = (value: unknown): string => JSON.stringify(value)?.slice(0, 400) ?? 'undefined';

/** The truth about a message for one reader, counted the slow way: from the rows and the design's words. */
function counts(m: Message & { targets?: string[] }, me: string, readSeq: number, visibleFrom: number, joinedSeq: number): { unread: boolean; mention: boolean } {
  const unread = !m.deleted && m.seq > readSeq && m.seq >= visibleFrom && m.author_id !== me && !m.quiet && !m.imported && m.kind !== 'system' && (m.parent_message_id === null || m.broadcast);
  const named = m.mentions.user_ids.includes(me) || (m.targets?.includes(me) ?? false) || (m.mentions.everyone === 'channel' && m.seq > joinedSeq);
  return { unread, mention: unread && named };
}

/** Every way in which a device or the store is not as the design says; empty when all is well. */
export async function problems(scenario: Compared, options: { shown: boolean } = { shown: true }): Promise<string[]> {
  const found: string[] = [];
  found.push(...scenario.server.errors.map((e) => `server: ${e}`), ...scenario.server.reads.problems);
  await scenario.server.store.read(async (tx) => {
    const left = await tx.find(outbox, { limit: 5 });
    if (left.length > 0) found.push(`outbox rows not consumed: ${brief(left)}`);
    found.push(...(await projections(tx, scenario)), ...(await sends(tx, scenario)), ...(await scheduled(tx, scenario)));
    for (const channel of await tx.find(channels, { limit: 100 })) found.push(...(await pointerProblems(tx, channel.id, scenario.people.map((p) => p.id), { gone: true })));
    for (const device of scenario.devices) for (const problem of await deviceProblems(tx, device, options.shown)) found.push(`${device.name}: ${problem}`);
  });
  return found;
}

/** The membership entity says what the member row says. */
async function projections(tx: ReadTx, scenario: Compared): Promise<string[]> {
  const found: string[] = [];
  for (const person of scenario.people) {
    for (const channel of await tx.find(channels, { limit: 100 })) {
      const member = await tx.get(members, [channel.id, person.id]);
      const row = await tx.get(entities, [userStream(person.id), 'membership', channel.id]);
      const doc = row?.doc as (Membership & { deleted?: boolean }) | undefined;
      const shown = doc && !doc.deleted ? doc : undefined;
      if ((member === undefined) !== (shown === undefined)) found.push(`membership of ${person.username} in ${channel.doc.name}: row ${brief(member)} entity ${brief(doc)}`);
      else if (member && shown && member.stay_id !== shown.stay_id) found.push(`stay of ${person.username} in ${channel.doc.name}: row ${member.stay_id} entity ${shown.stay_id}`);
    }
  }
  return found;
}

/** What a device promised to keep is in the store exactly once, or still with the device. */
async function sends(tx: ReadTx, scenario: Compared): Promise<string[]> {
  const found: string[] = [];
  const carried = new Map<string, number>();
  for (const row of await tx.find(messages, { limit: 100_000 })) for (const file of row.doc.files) carried.set(file.name, (carried.get(file.name) ?? 0) + 1);
  for (const { device, channelId, clientMsgId, content, files = [] } of scenario.kept) {
    for (const name of files) {
      const times = carried.get(name) ?? 0;
      const stuck = device.engine?.outbox.get().some((i) => i.state.kind === 'refused' && i.files.some((file) => file.name === name));
      if (times > 1 || (times === 0 && !stuck)) found.push(`${device.name}: kept file ${name} of ${clientMsgId} is in ${times} messages`);
    }
    const rows = await tx.find(messages, { index: 'by_client', prefix: [channelId, device.person.id, clientMsgId], limit: 3 });
    const waiting = device.engine?.outbox.get().find((i) => i.key === clientMsgId && i.act === 'send');
    if (rows.length === 1 && !waiting) continue;
    if (rows.length === 0 && !waiting && scenario.cancelled.has(clientMsgId)) continue;
    // Refused, and then a copy of the call that the wire had held back was let in: shown as soon as the row is held.
    if (rows.length === 1 && waiting?.state.kind === 'refused' && !replicaOf(device.engine!).channels.get(channelId)?.rows.bySent(device.person.id, clientMsgId)) continue;
    if (rows.length === 0 && waiting?.state.kind === 'refused') continue;
    found.push(`${device.name}: kept send ${clientMsgId} (${content}) is ${rows.length} times in the store, outbox ${brief(waiting)}`);
  }
  return found;
}

/** What a device promised to schedule is there exactly once: sent, or waiting for its time, or back with the person. */
async function scheduled(tx: ReadTx, scenario: Compared): Promise<string[]> {
  const found: string[] = [];
  for (const { device, channelId, clientMsgId, content } of scenario.appointed) {
    const rows = await tx.find(messages, { index: 'by_client', prefix: [channelId, device.person.id, clientMsgId], limit: 3 });
    const row = (await tx.get(entities, [userStream(device.person.id), 'scheduled', clientMsgId]))?.doc as (Scheduled & { deleted?: boolean }) | undefined;
    const refused = device.engine?.outbox.get().some((i) => i.act === 'schedule' && i.content === content && i.state.kind === 'refused') ?? false;
    const cancelled = scenario.cancelled.has(clientMsgId);
    const waits = row?.state === 'waiting' || row?.state === 'failed';
    if (rows.length + Number(waits) > 1) found.push(`${device.name}: scheduled ${clientMsgId} is ${rows.length} times in the store and ${brief(row)}`);
    if (rows.length === 0 && !waits && !refused && !cancelled) found.push(`${device.name}: scheduled ${clientMsgId} (${content}) is lost: ${brief(row)}`);
    if (row?.state === 'waiting' && Date.parse(row.send_at) < scenario.clock.now() - 60_000) found.push(`${device.name}: scheduled ${clientMsgId} is overdue: ${brief(row)}`);
  }
  return found;
}

async function deviceProblems(tx: ReadTx, device: ComparedDevice, shown: boolean): Promise<string[]> {
  const found: string[] = [];
  const me = device.person.id;
  const engine = device.engine;
  if (!engine) return ['has no engine'];
  const connection = engine.connection.get();
  if (connection.kind !== 'live') found.push(`connection is ${brief(connection)}`);
  for (const item of engine.outbox.get()) if (item.state.kind !== 'refused') found.push(`outbox still holds ${brief(item)}`);
  const replica = replicaOf(engine);

  const stored = (await tx.find(entities, { prefix: [userStream(me)], limit: 10_000 })).filter((row) => !(row.doc as { deleted?: boolean }).deleted);
  const memberships = new Map(stored.filter((r) => r.type === 'membership').map((r) => [r.id, r.doc as Membership]));
  const held = new Map([...replica.memberships()].map((m) => [m.channel_id, m]));
  for (const [id, doc] of memberships) if (!same(doc, held.get(id))) found.push(`membership of ${id}: ${brief(held.get(id))} but stored ${brief(doc)}`);
  for (const id of held.keys()) if (!memberships.has(id)) found.push(`membership of ${id} is held but not stored`);
  const threads = new Map(stored.filter((r) => r.type === 'thread').map((r) => [r.id, r.doc as Thread]));
  for (const [id, doc] of threads) if (!same(doc, replica.thread(id))) found.push(`thread ${id}: ${brief(replica.thread(id))} but stored ${brief(doc)}`);
  for (const thread of replica.threads()) if (!threads.has(thread.root_id)) found.push(`thread ${thread.root_id} is held but not stored`);
  const own = { draft: replica.drafts(), saved: replica.saved(), section: replica.sections(), preference: replica.preferences(), inbox_entry: replica.inbox(), scheduled: replica.scheduled(), group_membership: replica.groupMemberships() } as Record<string, readonly object[]>;
  for (const [type, entities] of Object.entries(own)) {
    const wanted = stored.filter((r) => r.type === type).map((r) => r.doc as { id: string; rev: number });
    const byId = (a: unknown, b: unknown): number => ((a as { id: string }).id < (b as { id: string }).id ? -1 : 1);
    const heldNow = [...entities].sort(byId);
    if (!same([...wanted].sort(byId), heldNow)) found.push(`${type}: holds ${brief(heldNow)} but stored ${brief(wanted)}`);
  }
  const told = (content: string, fileIds: readonly string[]): string[] => (content === '' && fileIds.length === 0 ? [] : [[content, ...fileIds].join('|')]);
  const fileIds = (ids: readonly string[]): string[] => ids.flatMap((id) => { const state = engine.upload(id).get()?.state; return state === undefined ? id : state.kind === 'done' ? state.file.id : []; });
  // Where one sees nothing any more, a text stays on its device as it is.
  const seen = new Set((await tx.find(channels, { limit: 100 })).filter((row) => row.doc.kind === 'public' || memberships.has(row.id)).map((row) => row.id));
  const drafts = stored.filter((r) => r.type === 'draft').map((r) => r.doc as { channel_id: string; content: string; file_ids: string[] }).filter((d) => seen.has(d.channel_id)).flatMap((d) => told(d.content, d.file_ids));
  for (const draft of engine.drafts().get()) for (const id of draft.files) { const kind = engine.upload(id).get()?.state.kind; if (kind !== undefined && kind !== 'done' && kind !== 'lost') found.push(`a file of a draft is ${kind}`); }
  const written = engine.drafts().get().filter((d) => seen.has(d.channelId)).flatMap((d) => [...told(d.content, fileIds(d.files)), ...d.others.flatMap((o) => told(o.content, o.fileIds))]);
  if (!same([...drafts].sort(), [...written].sort())) found.push(`drafts ${brief(written)} but stored ${brief(drafts)}`);
  const workspaces = (await tx.find(workspaceMembers, { index: 'by_user', prefix: [me], limit: 100 })).map((r) => r.workspace_id).sort();
  const heldWorkspaces = engine.workspaces.get().map((w) => w.id).sort();
  if (!same(workspaces, heldWorkspaces)) found.push(`workspaces ${brief(heldWorkspaces)} but stored ${brief(workspaces)}`);
  for (const id of workspaces) {
    const shared = (await tx.find(entities, { prefix: [workspaceStream(id)], limit: 10_000 })).map((r) => r.doc as { type: string; id: string; deleted?: boolean }).filter((doc) => doc.type !== 'workspace' && !doc.deleted);
    const groups = engine.groups(id).get();
    const heldShared = [...groups.map(({ mine: _mine, ...group }) => group), ...engine.customEmoji(id).get()];
    const sort = (list: readonly object[]): object[] => [...list].sort((a, b) => ((a as { id: string }).id < (b as { id: string }).id ? -1 : 1));
    if (!same(sort(shared), sort(heldShared))) found.push(`workspace: holds ${brief(heldShared)} but stored ${brief(shared)}`);
    for (const group of groups) if (group.mine !== ((await tx.get(groupMembers, [group.id, me])) !== undefined)) found.push(`group ${group.handle}: mine is ${group.mine}`);
  }
  if (replica.cursorOf(userStream(me)) !== (await headOf(tx, userStream(me))).rev) found.push('the user stream is not caught up');
  for (const id of workspaces) if (replica.cursorOf(workspaceStream(id)) !== (await headOf(tx, workspaceStream(id))).rev) found.push('a workspace stream is not caught up');

  const listed = new Map(engine.workspaces.get().flatMap((w) => engine.channels(w.id).get()).map((v) => [v.id, v]));
  for (const [id, membership] of memberships) {
    const row = (await tx.get(channels, [id]))!;
    const head = await headOf(tx, channelStream(id));
    const view = listed.get(id);
    const name = row.doc.name || `dm ${id.slice(0, 8)}`;
    if (!view) { found.push(`${name} is not listed`); continue; }
    const all = (await tx.find(messages, { prefix: [id], limit: 10_000 })).map((r) => ({ ...r.doc, targets: r.targets }));
    const truth = all.map((m) => counts(m, me, Math.max(membership.read_seq, row.doc.purged_through_seq), membership.visible_from_seq, membership.joined_seq));
    const unread = truth.filter((c) => c.unread).length;
    const mentions = truth.filter((c) => c.mention).length;
    if (view.unread !== unread || view.mentions !== mentions) found.push(`${name}: shows ${view.unread} unread, ${view.mentions} mentions, but it is ${unread}, ${mentions} (read ${membership.read_epoch}:${membership.read_seq}, head ${head.seq}) ${brief({ counts: replica.channels.get(id)?.counts, cursor: replica.channels.get(id)?.cursor, rev: head.rev })}`);
    const { head_seq: _s, head_rev: _r, ...channel } = { ...(view.channel as Channel & { type?: string; rev?: number }) };
    delete channel.type;
    delete channel.rev;
    const { head_seq: _s2, head_rev: _r2, ...truthChannel } = row.doc;
    if (!same(channel, truthChannel)) found.push(`${name}: channel ${brief(channel)} but stored ${brief(truthChannel)}`);
    if (view.headSeq !== head.seq) found.push(`${name}: head ${view.headSeq} but stored ${head.seq}`);
    if (replica.channels.get(id)!.cursor !== head.rev) found.push(`${name}: cursor ${replica.channels.get(id)!.cursor} but head ${head.rev}`);
  }
  for (const id of listed.keys()) if (!memberships.has(id)) found.push(`channel ${id} is listed without membership`);

  // Whatever a range claims, open or not, is what the store holds.
  for (const channel of replica.channels.values()) {
    const row = await tx.get(channels, [channel.id]);
    if (!row) { found.push(`channel ${channel.id} is held but was never`); continue; }
    const member = await tx.get(members, [channel.id, me]);
    const may = member !== undefined || row.doc.kind === 'public';
    if (!may && (channel.rows.size > 0 || channel.ranges.length > 0)) { found.push(`${row.doc.name || channel.id}: holds ${channel.rows.size} messages that one may not see`); continue; }
    if (!channel.warm) continue;
    const first = Math.max(1, member?.visible_from_seq ?? 1, row.doc.purged_through_seq + 1);
    const all = new Map((await tx.find(messages, { prefix: [channel.id], gte: first, limit: 10_000 })).map((r) => [r.seq, r.doc]));
    for (const held of channel.rows.between(0, first - 1)) found.push(`${row.doc.name}: holds seq ${held.seq} from before ${first}`);
    const check = (ranges: typeof channel.ranges, root: string | null): void => {
      for (const range of ranges) {
        const label = `${row.doc.name || 'dm'}${root ? ` thread ${root.slice(0, 8)}` : ''} range ${range.fromSeq}..${range.toSeq}${isCurrent(range) ? '' : ' (stuck)'}`;
        if (!isCurrent(range)) {
          if (device.open.has(`${channel.id}/${root ?? ''}`)) found.push(`${label} is not current though open`);
          continue;
        }
        for (let seq = range.fromSeq; seq <= range.toSeq; seq++) {
          const truth = all.get(seq);
          if (root && truth && truth.id !== root && truth.parent_message_id !== root) continue;
          const held = channel.rows.bySeq(seq);
          if (truth ? !held || !same(stripped(held), truth) : held) found.push(`${label}: seq ${seq} is ${brief(held && stripped(held))} but stored ${brief(truth)}`);
        }
      }
    };
    check(channel.ranges, null);
    for (const [root, ranges] of channel.threads) check(ranges, root);
    if (channel.ranges.some((r, i) => i > 0 && r.fromSeq <= channel.ranges[i - 1]!.toSeq)) found.push(`${row.doc.name}: ranges overlap ${brief(channel.ranges)}`);
  }

  if (!shown) return found;
  for (const [key, timeline] of device.open) {
    const view = timeline.get();
    const row = await tx.get(channels, [view.channelId]);
    const member = await tx.get(members, [view.channelId, me]);
    const may = row && (member !== undefined || row.doc.kind === 'public');
    if (view.gone !== !may) found.push(`open ${row?.doc.name || key}: gone is ${view.gone}, may see is ${may}`);
    if (!may) {
      if (view.messages.length > 0) found.push(`open ${key}: shows messages of a channel that one may not see`);
      continue;
    }
    const head = await headOf(tx, channelStream(view.channelId));
    if (view.rootId === null && head.seq >= view.firstSeq && !view.ranges.some((r) => r.toSeq >= head.seq)) found.push(`open ${row.doc.name || key}: the newest page is missing: ${brief(view.ranges)} head ${head.seq}`);
    if (view.pending.some((p) => p.pending?.kind !== 'refused')) found.push(`open ${row.doc.name}: pending ${brief(view.pending)}`);
    for (const m of view.messages) {
      if (m.pending && m.pending.kind !== 'refused') found.push(`open ${row.doc.name}: a pending act on ${m.message.seq}`);
    }
  }
  return found;
}

const stripped = (message: Message): unknown => {
  const { type: _type, ...rest } = message as Message & { type?: string };
  return rest;
};
