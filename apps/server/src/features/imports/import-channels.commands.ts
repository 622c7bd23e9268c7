import { channelStream } from '@parley/shared/domain/streams';
import type { Channel } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import { defineCommand } from '../../storage/command.ts';
import type { Tx } from '../../storage/port.ts';
import { ChannelChange, headOf } from '../../storage/streams.ts';
import { channels, claims, heads, importMap, members, workspaceMembers, type ChannelRow } from '../../storage/tables.ts';
import { createChannelIn, defaultChannelId } from '../channels/create-channel.ts';
import { dmChannelId } from '../channels/dm-id.ts';
import { holdsOnlyImports, joinImported, mapped, settle } from './import-rows.ts';
import { RunningImport, type Step } from './import-progress.ts';
import { alternatives, foldChannelName } from './names.ts';

/** A channel here that holds messages of one of the archive's. The first one is part 1; older messages than it takes go to part 2, and so on. */
export interface Part {
  channel_id: string;
  /** Time of its newest message, in microseconds. */
  last_us: number;
  /** False when people have written in it: then nothing may be put behind. */
  takes: boolean;
  /** True while this import holds it, so that nobody posts there. */
  held: boolean;
}
export const partSource = (sourceId: string, part: number): string => (part === 1 ? sourceId : `${sourceId}#${part}`);
/** The channels that an import holds open, by channel id. */
const openScope = (importId: string): string => `open/${importId}`;

export interface OpenChannel extends Step {
  source_id: string;
  part: number;
  kind: Channel['kind'];
  name: string;
  topic: string;
  purpose: string;
  general: boolean;
  creator_id: string | null;
  /** Of direct messages. */
  user_ids: string[];
  where: string;
}

export const importChannelCommands = {
  /** The channel of a part, made when it is not there yet; no posting in it from then on until it is closed. Null: a direct message that has no people. */
  'imports.open_channel': defineCommand(async (tx, args: OpenChannel): Promise<Part | null> => {
    const running = await RunningImport.begin(tx, args);
    const workspaceId = running.row.workspace_id;
    const scope = `${running.scope}/channel`;
    const source = partSource(args.source_id, args.part);
    const known = await mapped(tx, scope, source);
    const row = known === undefined ? await makeChannel(tx, running, args, workspaceId, `${scope}/${source}`) : await tx.get(channels, [known]);
    if (row && known === undefined) await tx.insert(importMap, { scope, source_id: source, id: row.id });
    await running.end();
    if (!row) return null;
    const head = await headOf(tx, channelStream(row.id));
    return { channel_id: row.id, last_us: head.last_at, takes: row.import_source === `${scope}/${source}` && (await holdsOnlyImports(tx, row)), held: row.import_id === args.import_id };
  }),

  /** No posting in the channel from here on, so that what the import puts behind its newest message stays in order. */
  'imports.hold_channel': defineCommand(async (tx, args: { import_id: string; channel_id: string }) => {
    const row = await demandChannel(tx, args.channel_id);
    if (row.import_id === args.import_id) return { held: true };
    if (row.import_id != null || !(await holdsOnlyImports(tx, row))) return { held: false };
    await hold(tx, row, args.import_id);
    return { held: true };
  }),

  /** Makes people members, read up to the head. */
  'imports.members': defineCommand(async (tx, args: Step & { channel_id: string; people: { user_id: string; role: 'moderator' | 'member' }[] }) => {
    const running = await RunningImport.begin(tx, args);
    if (running.repeated) return {};
    const row = await demandChannel(tx, args.channel_id);
    const change = await ChannelChange.begin(tx, row.id);
    const people = [];
    for (const person of args.people) {
      const account = await tx.get(workspaceMembers, [row.workspace_id, person.user_id]);
      if (account && !account.deactivated) people.push(person);
    }
    if ((await joinImported(change, row, people)) > 0) {
      row.doc.member_count = row.members;
      row.counted_at = tx.now();
      await change.channel(row);
      await change.end();
    }
    await running.end();
    return {};
  }),

  /** Moves the read positions of some members to the head; answers behind whom to go on, null at the end. */
  'imports.settle': defineCommand(async (tx, args: { channel_id: string; after: string; limit: number }): Promise<{ after: string | null }> => {
    const head = await headOf(tx, channelStream(args.channel_id));
    const page = await tx.find(members, { prefix: [args.channel_id], gt: args.after, limit: args.limit });
    for (const member of page) await settle(tx, member.user_id, args.channel_id, head.seq);
    return { after: page.length < args.limit ? null : page[page.length - 1]!.user_id };
  }),

  /** Opens the channel for posting and tells, in one event, that it has changed. */
  'imports.close_channel': defineCommand(async (tx, args: { import_id: string; channel_id: string; archived: boolean }) => {
    const row = await demandChannel(tx, args.channel_id);
    if (row.import_id !== args.import_id) return {};
    if (args.archived && row.doc.is_default !== true) row.doc.archived = true;
    await release(tx, row);
    return {};
  }),
};

async function demandChannel(tx: Tx, id: string): Promise<ChannelRow> {
  const row = await tx.get(channels, [id]);
  if (!row) throw new ParleyError('not_found', 'no such channel');
  return row;
}

async function makeChannel(tx: Tx, running: RunningImport, args: OpenChannel, workspaceId: string, source: string): Promise<ChannelRow | undefined> {
  if (args.general && args.part === 1) {
    const general = await emptyGeneral(tx, workspaceId);
    if (general) return fillGeneral(tx, running, general, args, source);
  }
  const direct = args.kind === 'dm' || args.kind === 'group_dm';
  const wanted = direct ? '' : foldChannelName(args.name, args.source_id);
  const name = direct ? '' : await freeChannelName(tx, workspaceId, wanted);
  if (!direct && args.part === 1 && name !== args.name) await running.skip(args.where, `the channel name ${JSON.stringify(args.name)} became ${name}`);
  if (args.part > 1) await running.skip(args.where, `messages older than what is in the channel, or than what people wrote there, went to a new channel, ${name}`);
  const people = [...new Set(args.user_ids)].sort();
  if (direct && people.length === 0) return void (await running.skip(args.where, 'a direct message without people'));
  const id = direct ? dmChannelId(workspaceId, people) : tx.uuid();
  const existing = direct ? await tx.get(channels, [id]) : undefined;
  // The same people's direct message, which may be here already: filled while it is empty, else only looked into.
  if (existing) return (await headOf(tx, channelStream(id))).seq > 0 || existing.import_id != null ? existing : hold(tx, { ...existing, import_source: source }, running.row.id);
  await createChannelIn(tx, {
    id, workspace_id: workspaceId, kind: args.kind, name, topic: args.topic, purpose: args.purpose, creator_id: null, user_ids: direct ? people : [],
    import_id: running.row.id, import_source: source,
  });
  const row = await demandChannel(tx, id);
  const head = await headOf(tx, channelStream(id));
  const made = { ...row, import_rev: head.rev, doc: { ...row.doc, creator_id: args.creator_id } };
  await tx.put(channels, made);
  await tx.put(importMap, { scope: openScope(running.row.id), source_id: id, id });
  running.count('channels');
  return made;
}

/** The default channel while nobody has written in it and no archive fills it. */
async function emptyGeneral(tx: Tx, workspaceId: string): Promise<ChannelRow | undefined> {
  const id = await defaultChannelId(tx, workspaceId);
  const row = id === undefined ? undefined : await tx.get(channels, [id]);
  if (!row || row.import_source != null || row.import_id != null) return undefined;
  return (await headOf(tx, channelStream(row.id))).seq === 0 ? row : undefined;
}

async function fillGeneral(tx: Tx, running: RunningImport, row: ChannelRow, args: OpenChannel, source: string): Promise<ChannelRow> {
  row.import_source = source;
  row.doc.topic ||= args.topic;
  row.doc.purpose ||= args.purpose;
  await hold(tx, row, running.row.id);
  if (args.name !== row.doc.name) await running.skip(args.where, `${args.name}, the archive's general channel, went into ${row.doc.name}, which was empty`);
  return row;
}

async function freeChannelName(tx: Tx, workspaceId: string, wanted: string): Promise<string> {
  for (const name of alternatives(wanted, 80)) if (!(await tx.get(claims, [`channel:${workspaceId}:${name}`]))) return name;
  throw new Error('alternatives never end');
}

/** No posting until the import lets go of the channel. */
async function hold(tx: Tx, row: ChannelRow, importId: string): Promise<ChannelRow> {
  const change = await ChannelChange.begin(tx, row.id);
  row.import_id = importId;
  row.doc.importing = true;
  row.import_rev = change.head.rev + 1;
  await change.channel(row);
  await change.end();
  await tx.put(importMap, { scope: openScope(importId), source_id: row.id, id: row.id });
  return row;
}

async function release(tx: Tx, row: ChannelRow): Promise<void> {
  const head = await headOf(tx, channelStream(row.id));
  const from = row.import_rev ?? head.rev;
  const importId = row.import_id!;
  const { import_rev: _, ...kept } = row;
  const { importing: __, ...doc } = row.doc;
  const change = await ChannelChange.begin(tx, row.id);
  const opened: ChannelRow = { ...kept, doc, import_id: null, rev: change.nextRev() };
  await tx.put(channels, opened);
  await tx.put(heads, change.head);
  // Told without entities: a follower is given what changed when it is little, and asked to fetch when it is a history.
  tx.emit({ stream: channelStream(row.id), from, rev: change.head.rev, seq: change.head.seq });
  await tx.delete(importMap, [openScope(importId), row.id]);
}

/** Gives back every channel that an import held, with what it has got. */
export async function releaseChannels(tx: Tx, importId: string): Promise<void> {
  for (const { id } of await tx.find(importMap, { prefix: [openScope(importId)], limit: 100_000 })) {
    const row = await tx.get(channels, [id]);
    if (row?.import_id === importId) await release(tx, row);
  }
}
