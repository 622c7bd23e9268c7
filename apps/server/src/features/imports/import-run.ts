import { randomText } from '../../platform/secrets.ts';
import type { Random } from '@parley/shared/domain/random';
import { ParleyError } from '@parley/shared/protocol/errors';
import type { Store } from '../../storage/port.ts';
import { messages, type ImportRow } from '../../storage/tables.ts';
import type { CommandArgs, CommandName, CommandResult } from '../../storage/commands.ts';
import { partSource, type Part } from './import-channels.commands.ts';
import type { ImportMessage } from './import-messages.commands.ts';
import { KEPT_SKIPS, progressOf, type ImportCursor, type Skip, type Step } from './import-progress.ts';
import { mapped } from './import-rows.ts';
import type { ImportUser } from './import-users.commands.ts';
import { inOrder } from './in-order.ts';
import { LookUp } from './look-up.ts';
import { convertMrkdwn, referencedIds } from './slack/markup.ts';
import { microsOf } from './slack/records.ts';
import { readMessage, type Author, type SourceMessage } from './slack/read-message.ts';
import type { SlackArchive, SourceChannel, SourceUser } from './slack/slack-archive.ts';
import { defaultChannelId } from '../channels/create-channel.ts';

/** Users, members and messages that one command takes: long enough to be quick, short enough that others' sends do not wait for it. */
const USERS = 200;
const MEMBERS = 250;
const MESSAGES = 400;
/** How many places a message may stand too late in the archive. */
const WINDOW = 2_000;
const TRIES = 20;

/** Thrown when the process is asked to stop: the import goes on from where it was. */
export class Interrupted extends Error {}

export interface RunOptions {
  signal?: AbortSignal;
  /** Called after each committed step. */
  onProgress?(progress: number, stage: string): void;
  /** Waits before a refused command is tried again. */
  pause?(ms: number): Promise<void>;
}

interface Pending {
  us: number;
  message: SourceMessage;
  where: string;
}
/** What could not be read goes along in its place, so that an interrupted import reports it once. */
type Found = Pending | { us: number; message: null; where: string; reason: string };

/**
 * Brings an archive that has been checked into its workspace. Everything is committed in steps that carry the cursor with
 * them, so that whatever stops it, the next run goes on behind the last step.
 */
export class ImportRun {
  readonly #id: string;
  readonly #runner: string;
  readonly #scope: string;
  #step: number;
  #cursor: ImportCursor;
  #skips: Skip[] = [];
  #known = 0;
  #bytesDone = 0;
  #stage = '';
  readonly #people: LookUp;
  readonly #rooms: LookUp;

  constructor(
    private readonly deps: { store: Store; random: Random },
    private readonly archive: SlackArchive,
    private readonly row: ImportRow,
    private readonly options: RunOptions = {},
  ) {
    this.#id = row.id;
    this.#scope = `${row.workspace_id}/${row.kind}`;
    ({ step: this.#step, cursor: this.#cursor, runner: this.#runner } = progressOf(row));
    this.#people = new LookUp(deps.store, `${this.#scope}/user`);
    this.#rooms = new LookUp(deps.store, `${this.#scope}/channel`);
  }

  async run(): Promise<void> {
    if (this.#cursor.phase === 'users') await this.#users();
    if (this.#cursor.phase === 'channels') await this.#channels();
    if (this.#cursor.phase === 'messages') await this.#messages();
    if (this.#cursor.phase === 'default') await this.#default();
    await this.#command('imports.finish', { import_id: this.#id });
  }

  async #users(): Promise<void> {
    this.#stage = 'users.json';
    const start = this.#cursor.done;
    let at = 0;
    let batch: SourceUser[] = [];
    const commit = async () => {
      await this.#makeUsers(batch.map((user) => ({ ...this.#account(user.id, user.name, `users.json:${user.line}`), ...pick(user) })), { phase: 'users', done: at, us: 0 });
      batch = [];
    };
    for await (const user of this.archive.users()) {
      if (at++ < start) continue;
      batch.push(user);
      if (batch.length === USERS) await commit();
    }
    await commit();
    await this.#note({ phase: 'channels', done: 0, us: 0 });
  }

  /** All of them before any message, since messages name them. */
  async #channels(): Promise<void> {
    this.#stage = 'channels.json';
    const start = this.#cursor.done;
    let at = 0;
    for await (const channel of this.archive.channels()) {
      if (at++ < start) continue;
      await this.#openPart(channel, 1, { phase: 'channels', done: at, us: 0 });
    }
    for (const directory of this.archive.directories().filter((d) => !this.#directories.has(d))) {
      if (start === 0) this.#skips.push({ where: `${directory}/`, reason: 'no list of channels has this directory; its messages were left out' });
    }
    await this.#note({ phase: 'messages', done: 0, us: 0 });
  }
  readonly #directories = new Set<string>();

  async #messages(): Promise<void> {
    const { done: start, us: from } = this.#cursor;
    let at = 0;
    for await (const channel of this.archive.channels()) {
      const index = at++;
      if (index < start) {
        for (const day of this.archive.days(channel.directory)) this.#bytesDone += this.archive.size(channel.directory, day);
        continue;
      }
      await this.#fill(channel, index, index === start ? from : 0);
    }
    await this.#note({ phase: 'default', done: 0, us: 0 });
  }

  /** New people of a workspace are in its default channel. */
  async #default(): Promise<void> {
    const channelId = await this.deps.store.read((tx) => defaultChannelId(tx, this.row.workspace_id));
    this.#stage = 'users.json';
    const start = this.#cursor.done;
    let at = 0;
    let batch: string[] = [];
    const commit = async () => {
      if (channelId !== undefined && batch.length > 0) await this.#join(channelId, batch, null, { phase: 'default', done: at, us: 0 });
      batch = [];
    };
    for await (const user of this.archive.users()) {
      if (at++ < start) continue;
      if (!user.deactivated && !user.guest) batch.push(user.id);
      if (batch.length === MEMBERS) await commit();
    }
    await commit();
  }

  async #fill(channel: SourceChannel, index: number, from: number): Promise<void> {
    const parts = await this.#parts(channel);
    if (parts.length === 0) return;
    const filler = { channel, index, parts, last: from };
    let batch: Pending[] = [];
    for await (const found of inOrder(this.#read(channel), (f) => f.us, WINDOW)) {
      if (found.us <= from) continue;
      if (found.message === null) this.#skips.push({ where: found.where, reason: found.reason });
      else if (found.us <= filler.last) this.#skips.push({ where: found.where, reason: 'another message before it in the archive has the same time, or a later one' });
      else {
        filler.last = found.us;
        batch.push(found);
      }
      if (batch.length < MESSAGES && this.#skips.length < KEPT_SKIPS) continue;
      if (batch.length > 0) await this.#put(filler, batch);
      else await this.#note({ phase: 'messages', done: index, us: filler.last });
      batch = [];
    }
    if (batch.length > 0) await this.#put(filler, batch);
    for (const part of parts) await this.#finishPart(channel, part);
    await this.#note({ phase: 'messages', done: index + 1, us: 0 });
  }

  async *#read(channel: SourceChannel): AsyncGenerator<Found> {
    let last = 1;
    for (const day of this.archive.days(channel.directory)) {
      this.#stage = `${channel.directory}/${day}`;
      for await (const { value, where } of this.archive.day(channel.directory, day)) {
        const read = readMessage(value);
        last = microsOf(value['ts']) ?? last;
        yield 'skip' in read ? { us: last, message: null, where, reason: read.skip } : { us: read.message.us, message: read.message, where };
      }
      this.#bytesDone += this.archive.size(channel.directory, day);
    }
  }

  /** One batch, ascending: known times are left out, the rest goes behind the first part that takes it. */
  async #put(filler: { channel: SourceChannel; index: number; parts: Part[]; last: number }, batch: readonly Pending[]): Promise<void> {
    const fresh = await this.#unknown(filler.parts, batch);
    this.#known += batch.length - fresh.length;
    const cursor: ImportCursor = { phase: 'messages', done: filler.index, us: batch[batch.length - 1]!.us };
    const before: ImportCursor = this.#cursor;
    const shares = new Map<Part, Pending[]>();
    for (const pending of fresh) {
      const part = await this.#placeFor(filler, pending);
      if (!part) continue;
      part.last_us = pending.us;
      const share = shares.get(part);
      if (share) share.push(pending);
      else shares.set(part, [pending]);
    }
    if (shares.size === 0) return this.#note(cursor);
    let left = shares.size;
    for (const [part, share] of shares) {
      const made = await this.#convert(share);
      await this.#apply('imports.append', --left === 0 ? cursor : before, { channel_id: part.channel_id, messages: made, known: this.#takeKnown() });
    }
  }

  async #unknown(parts: readonly Part[], batch: readonly Pending[]): Promise<Pending[]> {
    const first = batch[0]!.us;
    const last = batch[batch.length - 1]!.us;
    const here = new Set<number>();
    for (const part of parts) {
      for (let after = first - 1; after < Math.min(part.last_us, last); ) {
        const page = await this.deps.store.read((tx) => tx.find(messages, { index: 'by_time', prefix: [part.channel_id], gt: after, lte: last, limit: MESSAGES }));
        for (const row of page) here.add(row.created_us);
        if (page.length < MESSAGES) break;
        after = page[page.length - 1]!.created_us;
      }
    }
    return here.size === 0 ? [...batch] : batch.filter((p) => !here.has(p.us));
  }

  async #placeFor(filler: { channel: SourceChannel; parts: Part[] }, pending: Pending): Promise<Part | undefined> {
    for (const part of filler.parts) {
      if (!part.takes || pending.us <= part.last_us) continue;
      part.held ||= (await this.#command('imports.hold_channel', { import_id: this.#id, channel_id: part.channel_id })).held;
      if (part.held) return part;
      part.takes = false;
    }
    if (filler.channel.kind === 'dm' || filler.channel.kind === 'group_dm') {
      this.#skips.push({ where: pending.where, reason: 'its people have written to each other here since; nothing can be put before that' });
      return undefined;
    }
    const part = await this.#openPart(filler.channel, filler.parts.length + 1, this.#cursor);
    if (part) filler.parts.push(part);
    return part ?? undefined;
  }

  async #convert(share: readonly Pending[]): Promise<ImportMessage[]> {
    const named = new Map<string, Author>();
    const mentioned = new Set<string>();
    const rooms = new Set<string>();
    for (const { message } of share) {
      named.set(message.author.id, message.author);
      for (const id of message.reactions.flatMap((r) => r.users)) if (!named.has(id)) named.set(id, { id, bot: false, name: id });
      const found = referencedIds(message.text);
      for (const id of found.users) mentioned.add(id);
      for (const id of found.channels) rooms.add(id);
    }
    await this.#people.load([...named.keys(), ...mentioned]);
    await this.#rooms.load([...rooms]);
    const strangers = [...named.values()].filter((author) => this.#people.get(author.id) === null);
    if (strangers.length > 0) await this.#makeStrangers(strangers);
    return share.map((pending) => this.#one(pending));
  }

  #one({ message, where }: Pending): ImportMessage {
    const converted = convertMrkdwn(message.text, { user: (id) => this.#people.get(id), channel: (id) => this.#rooms.get(id) });
    for (const loss of message.losses) this.#skips.push({ where, reason: loss });
    if (converted.cut) this.#skips.push({ where, reason: 'its text is longer than a message may be, and was cut' });
    for (const name of converted.unknown) this.#skips.push({ where, reason: `names ${name}, who is not in the archive; shown as text` });
    const author_id = this.#people.get(message.author.id)!;
    return {
      us: message.us, author_id, kind: message.kind, content: converted.content, user_ids: converted.user_ids, everyone: converted.everyone, thread_us: message.thread_us,
      broadcast: message.broadcast, edited_us: message.edited_us, files: message.files, where,
      reactions: message.reactions.map(({ emoji, users }) => ({ emoji, user_ids: users.map((id) => this.#people.get(id)!) })),
      ...(message.system ? { system: message.system.text === undefined && message.system.event === 'note' ? { ...message.system, text: converted.content } : message.system } : {}),
    };
  }

  /** Who wrote or reacted, but is not in the list of users: bots, and people of other organisations. */
  async #makeStrangers(strangers: readonly Author[]): Promise<void> {
    const ids = await this.#makeUsers(strangers.map(({ id, bot, name }) => ({ ...this.#account(id, name, 'users.json'), is_bot: bot })), this.#cursor);
    for (const { id, bot, name } of strangers) {
      this.#people.set(id, ids[id]!);
      if (!bot) this.#skips.push({ where: 'users.json', reason: `${name} is not in it, but wrote or reacted; an account was made` });
    }
  }

  #account(id: string, name: string, where: string): ImportUser {
    return { source_id: id, name, display_name: name, email: null, title: '', time_zone: '', is_bot: false, deactivated: false, guest: false, local_key: randomText(this.deps.random), where };
  }

  #makeUsers(users: ImportUser[], cursor: ImportCursor): Promise<Record<string, string>> {
    return this.#apply('imports.users', cursor, { users });
  }

  async #parts(channel: SourceChannel): Promise<Part[]> {
    const parts: Part[] = [];
    for (let n = 1; ; n++) {
      const known = await this.deps.store.read((tx) => mapped(tx, `${this.#scope}/channel`, partSource(channel.id, n)));
      if (known === undefined) return parts;
      const part = await this.#openPart(channel, n, this.#cursor);
      if (part) parts.push(part);
    }
  }

  async #openPart(channel: SourceChannel, part: number, cursor: ImportCursor): Promise<Part | null> {
    this.#directories.add(channel.directory);
    const direct = channel.kind === 'dm' || channel.kind === 'group_dm';
    const wanted = [...(direct ? channel.members : []), ...(channel.creator === null ? [] : [channel.creator])];
    await this.#people.load(wanted);
    const strangers = direct ? channel.members.filter((id) => this.#people.get(id) === null) : [];
    if (strangers.length > 0) await this.#makeStrangers([...new Set(strangers)].map((id) => ({ id, bot: false, name: id })));
    return this.#apply('imports.open_channel', cursor, {
      source_id: channel.id, part, kind: channel.kind, name: part === 1 ? channel.name : `${channel.name}-${part}`, topic: channel.topic, purpose: channel.purpose, general: channel.general,
      creator_id: channel.creator === null ? null : this.#people.get(channel.creator), user_ids: direct ? channel.members.map((id) => this.#people.get(id)!) : [], where: channel.where,
    });
  }

  /** Members, read positions, and posting again. */
  async #finishPart(channel: SourceChannel, part: Part): Promise<void> {
    const direct = channel.kind === 'dm' || channel.kind === 'group_dm';
    if (!direct) {
      for (let i = 0; i < channel.members.length; i += MEMBERS) await this.#join(part.channel_id, channel.members.slice(i, i + MEMBERS), channel.creator, this.#cursor);
      if (channel.kind === 'public') await this.#apply('imports.members', this.#cursor, { channel_id: part.channel_id, people: [{ user_id: this.row.user_id, role: 'member' }] });
    }
    // Channels that this import added nothing to stay as their people left them.
    if (!part.held) return;
    let after: string | null = '';
    while (after !== null) {
      const settled: { after: string | null } = await this.#command('imports.settle', { channel_id: part.channel_id, after, limit: MEMBERS });
      after = settled.after;
    }
    await this.#command('imports.close_channel', { import_id: this.#id, channel_id: part.channel_id, archived: channel.archived });
  }

  async #join(channelId: string, sourceIds: readonly string[], moderator: string | null, cursor: ImportCursor): Promise<void> {
    await this.#people.load([...sourceIds]);
    const people = sourceIds.flatMap((id) => {
      const user_id = this.#people.get(id);
      return user_id === null ? [] : [{ user_id, role: id === moderator ? ('moderator' as const) : ('member' as const) }];
    });
    await this.#apply('imports.members', cursor, { channel_id: channelId, people });
  }

  async #note(cursor: ImportCursor): Promise<void> {
    await this.#apply('imports.note', cursor, { known: this.#takeKnown() });
  }

  #takeKnown(): number {
    const known = this.#known;
    this.#known = 0;
    return known;
  }

  /** Runs a command as the next step. */
  async #apply<N extends StepCommand>(name: N, cursor: ImportCursor, args: Omit<CommandArgs<N>, keyof Step>): Promise<CommandResult<N>> {
    const progress = Math.min(0.99, this.archive.bytes === 0 ? 0 : this.#bytesDone / this.archive.bytes);
    const step: Step = { import_id: this.#id, runner: this.#runner, step: ++this.#step, cursor, progress, stage: this.#stage, skips: this.#skips };
    this.#skips = [];
    const result = await this.#command(name, { ...args, ...step } as unknown as CommandArgs<N>);
    this.#cursor = cursor;
    this.options.onProgress?.(progress, this.#stage);
    return result;
  }

  /** Repeats what the store could not do now: every command can be repeated. */
  async #command<N extends CommandName>(name: N, args: CommandArgs<N>): Promise<CommandResult<N>> {
    for (let attempt = 1; ; attempt++) {
      if (this.options.signal?.aborted) throw new Interrupted();
      try {
        return await this.deps.store.run(name, args);
      } catch (error) {
        if (!(error instanceof ParleyError) || (error.code !== 'unavailable' && error.code !== 'storage_full') || attempt === TRIES || !this.options.pause) throw error;
        await this.options.pause(error.extra.retry_after_ms ?? Math.min(10_000, 100 * 2 ** attempt));
      }
    }
  }
}

type StepCommand = 'imports.users' | 'imports.open_channel' | 'imports.members' | 'imports.append' | 'imports.note';

const pick = (user: SourceUser) => ({ display_name: user.display_name, email: user.email, title: user.title, time_zone: user.time_zone, is_bot: user.is_bot, deactivated: user.deactivated, guest: user.guest });
