import { defaultChannelId } from '../channels/create-channel.ts';
import { channelStream } from '@parley/shared/domain/streams';
import type { ReadTx, Store } from '../../storage/port.ts';
import { headOf } from '../../storage/streams.ts';
import { channels } from '../../storage/tables.ts';
import { ArchiveError } from './archive/archive-error.ts';
import { partSource } from './import-channels.commands.ts';
import { KEPT_SKIPS, noCounts, type ImportProgress, type Skip } from './import-progress.ts';
import { mapped, messageAt } from './import-rows.ts';
import { foldChannelName, foldUsername } from './names.ts';
import { convertMrkdwn } from './slack/markup.ts';
import { readMessage, type SourceMessage } from './slack/read-message.ts';
import type { SlackArchive, SourceChannel } from './slack/slack-archive.ts';

/** What an import would bring, and what not. */
export interface Survey {
  counts: ImportProgress['counts'];
  skipped: Skip[];
  skipped_total: number;
}

export interface SurveyOptions {
  /** With it, what is here already does not count: a dry run. Nothing is written. */
  into?: { store: Store; workspace_id: string; kind: string };
  onProgress?(progress: number, stage: string): void;
}

/**
 * Reads an archive from beginning to end before anything is written, so that a damaged one changes nothing.
 * @throws ArchiveError with file and line.
 */
export async function survey(archive: SlackArchive, options: SurveyOptions = {}): Promise<Survey> {
  return new Surveyor(archive, options).run();
}

class Surveyor {
  readonly #found: Survey = { counts: noCounts(), skipped: [], skipped_total: 0 };
  readonly #users = new Set<string>();
  readonly #strangers = new Set<string>();
  readonly #channels = new Set<string>();
  readonly #directories = new Map<string, string>();
  #bytes = 0;

  constructor(private readonly archive: SlackArchive, private readonly options: SurveyOptions) {}

  async run(): Promise<Survey> {
    this.#tell('users.json');
    for await (const user of this.archive.users()) {
      if (this.#users.has(user.id)) throw new ArchiveError(`the id ${user.id} is there twice`, 'users.json', user.line);
      this.#users.add(user.id);
      await this.#user(user.id, user.name, `users.json:${user.line}`);
    }
    this.#tell('channels.json');
    for await (const channel of this.archive.channels()) await this.#listed(channel);
    for await (const channel of this.archive.channels()) await this.#messages(channel);
    for (const directory of this.archive.directories()) {
      if (!this.#directories.has(directory)) this.#skip(`${directory}/`, 'no list of channels has this directory; its messages are left out');
    }
    return this.#found;
  }

  async #read<T>(work: (tx: ReadTx, scope: string) => Promise<T>): Promise<T | undefined> {
    const { into } = this.options;
    return into && into.store.read((tx) => work(tx, `${into.workspace_id}/${into.kind}`));
  }

  async #user(id: string, name: string, where: string): Promise<void> {
    if (this.options.into && (await this.#read((tx, scope) => mapped(tx, `${scope}/user`, id)))) return;
    this.#found.counts.users++;
    const folded = foldUsername(name, id);
    if (folded !== name) this.#skip(where, `the username ${JSON.stringify(name)} becomes ${folded}, or that with a number`);
  }

  async #listed(channel: SourceChannel): Promise<void> {
    const [file, line] = channel.where.split(/:(?=\d+$)/);
    if (this.#channels.has(channel.id)) throw new ArchiveError(`the id ${channel.id} is there twice`, file, Number(line));
    if (this.#directories.has(channel.directory)) throw new ArchiveError(`the directory ${JSON.stringify(channel.directory)} is that of ${this.#directories.get(channel.directory)} too`, file, Number(line));
    this.#channels.add(channel.id);
    this.#directories.set(channel.directory, channel.id);
    const direct = channel.kind === 'dm' || channel.kind === 'group_dm';
    if (direct && channel.members.length === 0) return this.#skip(channel.where, 'a direct message without people');
    if (await this.#read((tx, scope) => mapped(tx, `${scope}/channel`, channel.id))) return;
    if (channel.general && (await this.#generalIsEmpty())) return this.#skip(channel.where, `${channel.name}, the archive's general channel, goes into the workspace's, which is empty`);
    this.#found.counts.channels++;
    const folded = direct ? channel.name : foldChannelName(channel.name, channel.id);
    if (folded !== channel.name) this.#skip(channel.where, `the channel name ${JSON.stringify(channel.name)} becomes ${folded}`);
  }

  async #generalIsEmpty(): Promise<boolean> {
    const workspaceId = this.options.into?.workspace_id;
    const empty = await this.#read(async (tx) => {
      const id = await defaultChannelId(tx, workspaceId!);
      const row = id === undefined ? undefined : await tx.get(channels, [id]);
      return row !== undefined && row.import_source == null && (await headOf(tx, channelStream(row.id))).seq === 0;
    });
    return empty ?? false;
  }

  async #messages(channel: SourceChannel): Promise<void> {
    const parts = await this.#parts(channel);
    const times = new Set<number>();
    for (const day of this.archive.days(channel.directory)) {
      this.#tell(`${channel.directory}/${day}`);
      times.clear();
      for await (const { value, where } of this.archive.day(channel.directory, day)) {
        const read = readMessage(value);
        if ('skip' in read) this.#skip(where, read.skip);
        else if (times.has(read.message.us)) this.#skip(where, 'another message before it in the archive has the same time');
        else {
          times.add(read.message.us);
          if (await this.#isHere(parts, read.message.us)) this.#found.counts.known++;
          else this.#message(read.message, where);
        }
      }
      this.#bytes += this.archive.size(channel.directory, day);
    }
  }

  #message(message: SourceMessage, where: string): void {
    const { counts } = this.#found;
    if (message.kind === 'system') counts.notices++;
    else counts.messages++;
    if (message.thread_us !== null) counts.replies++;
    counts.files += message.files.length;
    for (const reaction of message.reactions) counts.reactions += reaction.users.length;
    for (const id of [message.author.id, ...message.reactions.flatMap((r) => r.users)]) {
      if (this.#users.has(id) || this.#strangers.has(id)) continue;
      this.#strangers.add(id);
      counts.users++;
      if (!message.author.bot) this.#skip(where, `${id} is not in users.json, but wrote or reacted; an account is made`);
    }
    if (!this.options.into) return;
    for (const loss of message.losses) this.#skip(where, loss);
    const converted = convertMrkdwn(message.text, { user: (id) => (this.#users.has(id) ? id : null), channel: (id) => (this.#channels.has(id) ? id : null) });
    if (converted.cut) this.#skip(where, 'its text is longer than a message may be, and is cut');
    for (const name of converted.unknown) this.#skip(where, `names ${name}, who is not in the archive; shown as text`);
  }

  /** Channels here that hold messages of this one. */
  async #parts(channel: SourceChannel): Promise<{ id: string; last_us: number }[]> {
    const found = await this.#read(async (tx, scope) => {
      const parts: { id: string; last_us: number }[] = [];
      for (let n = 1; ; n++) {
        const id = await mapped(tx, `${scope}/channel`, partSource(channel.id, n));
        if (id === undefined) return parts;
        parts.push({ id, last_us: (await headOf(tx, channelStream(id))).last_at });
      }
    });
    return found ?? [];
  }

  async #isHere(parts: readonly { id: string; last_us: number }[], us: number): Promise<boolean> {
    for (const { id, last_us } of parts) if (us <= last_us && (await this.#read((tx) => messageAt(tx, id, us)))) return true;
    return false;
  }

  #skip(where: string, reason: string): void {
    if (this.#found.skipped_total++ < KEPT_SKIPS) this.#found.skipped.push({ where, reason });
  }

  #tell(stage: string): void {
    this.options.onProgress?.(this.archive.bytes === 0 ? 0 : this.#bytes / this.archive.bytes, stage);
  }
}
