import { ArchiveError } from '../archive/archive-error.ts';
import { jsonArray, type Element } from '../archive/json-array.ts';
import { openZip, type ZipFile, type ZipLimits } from '../archive/zip.ts';
import { idsOf, isId, isObject, lineOf, textOf, type Json } from './records.ts';

export interface SourceUser {
  id: string;
  name: string;
  display_name: string;
  email: string | null;
  title: string;
  time_zone: string;
  is_bot: boolean;
  deactivated: boolean;
  /** Restricted accounts: they saw only the channels they were in. */
  guest: boolean;
  line: number;
}
export interface SourceChannel {
  id: string;
  kind: 'public' | 'private' | 'dm' | 'group_dm';
  name: string;
  topic: string;
  purpose: string;
  archived: boolean;
  general: boolean;
  creator: string | null;
  members: string[];
  /** Of its directory in the archive. */
  directory: string;
  /** Where it stands: file and line. */
  where: string;
}
export interface SourceElement {
  value: Json;
  /** File and line. */
  where: string;
}

const LISTS: readonly { file: string; kind: SourceChannel['kind'] }[] = [
  { file: 'channels.json', kind: 'public' }, { file: 'groups.json', kind: 'private' }, { file: 'mpims.json', kind: 'group_dm' }, { file: 'dms.json', kind: 'dm' },
];
const DAY = /^\d{4}-\d\d-\d\d\.json$/;

/** A Slack export, read as a stream: nothing is kept of it but the names of its files. */
export class SlackArchive {
  /** Day files by directory, in order. */
  readonly #days = new Map<string, string[]>();

  private constructor(private readonly zip: ZipFile, private readonly base: string) {
    for (const name of zip.files.keys()) {
      const [directory, file, ...rest] = name.startsWith(base) ? name.slice(base.length).split('/') : [];
      if (directory === undefined || file === undefined || rest.length > 0 || !DAY.test(file)) continue;
      const days = this.#days.get(directory);
      if (days) days.push(file);
      else this.#days.set(directory, [file]);
    }
    for (const days of this.#days.values()) days.sort();
  }

  /** @throws ArchiveError for what is no Slack export. */
  static async open(path: string, limits?: ZipLimits): Promise<SlackArchive> {
    const zip = await openZip(path, limits);
    // Somebody may have packed the folder instead of its contents.
    const base = [...zip.files.keys()].filter((name) => /^(?:[^/]+\/)?users\.json$/.test(name)).sort((a, b) => a.length - b.length)[0]?.replace(/users\.json$/, '');
    const problem = base === undefined ? 'users.json' : LISTS.some(({ file }) => zip.files.has(base + file)) ? undefined : 'channels.json';
    if (base !== undefined && problem === undefined) return new SlackArchive(zip, base);
    zip.close();
    throw new ArchiveError('is missing; this is no Slack export', problem);
  }

  close(): void {
    this.zip.close();
  }

  /** Bytes of all day files, to tell progress by. */
  get bytes(): number {
    let bytes = 0;
    for (const [directory, days] of this.#days) for (const day of days) bytes += this.size(directory, day);
    return bytes;
  }

  size(directory: string, day: string): number {
    return this.zip.files.get(`${this.base}${directory}/${day}`)?.size ?? 0;
  }

  days(directory: string): readonly string[] {
    return this.#days.get(directory) ?? [];
  }

  directories(): string[] {
    return [...this.#days.keys()];
  }

  async *users(): AsyncGenerator<SourceUser> {
    for await (const { value, where, line } of this.#elements('users.json')) yield userOf(value, where, line);
  }

  /** All channels of all lists, each with its members unless `members` is false. */
  async *channels(): AsyncGenerator<SourceChannel> {
    for (const { file, kind } of LISTS) {
      if (!this.zip.files.has(this.base + file)) continue;
      for await (const { value, where } of this.#elements(file)) yield channelOf(value, kind, where);
    }
  }

  async *day(directory: string, day: string): AsyncGenerator<SourceElement> {
    for await (const { value, where } of this.#elements(`${directory}/${day}`)) yield { value, where };
  }

  async *#elements(file: string): AsyncGenerator<{ value: Json; where: string; line: number }> {
    for await (const batch of jsonArray(this.zip.open(this.base + file), file) as AsyncIterable<Element[]>) {
      for (const { value, line } of batch) {
        if (!isObject(value)) throw new ArchiveError('is not an object', file, line);
        yield { value, where: `${file}:${line}`, line };
      }
    }
  }
}

function userOf(value: Json, where: string, line: number): SourceUser {
  const profile = isObject(value['profile']) ? value['profile'] : {};
  const id = textOf(value['id']);
  if (id === undefined || !isId(id)) throw new ArchiveError('this user has no id', where.replace(/:\d+$/, ''), line);
  const name = lineOf(value['name'], 80) || lineOf(profile['display_name'], 80) || id;
  const email = textOf(profile['email'])?.trim() ?? '';
  return {
    id, name, display_name: lineOf(profile['display_name'], 80) || lineOf(value['real_name'], 80) || lineOf(profile['real_name'], 80) || name,
    email: /^[^\s@]{1,64}@[^\s@]+$/.test(email) && email.length <= 254 ? email : null, title: lineOf(profile['title'], 100), time_zone: lineOf(value['tz'], 64),
    is_bot: value['is_bot'] === true || id === 'USLACKBOT', deactivated: value['deleted'] === true, guest: value['is_restricted'] === true || value['is_ultra_restricted'] === true, line,
  };
}

function channelOf(value: Json, kind: SourceChannel['kind'], where: string): SourceChannel {
  const id = textOf(value['id']);
  const [file, line] = where.split(/:(?=\d+$)/);
  if (id === undefined || !isId(id)) throw new ArchiveError('this channel has no id', file, Number(line));
  const name = textOf(value['name']) ?? '';
  if (name === '' && kind !== 'dm') throw new ArchiveError('this channel has no name', file, Number(line));
  const about = (field: string, most: number) => (isObject(value[field]) ? lineOf((value[field] as Json)['value'], most) : '');
  const creator = textOf(value['creator']);
  return {
    id, kind, name, topic: about('topic', 250), purpose: about('purpose', 500), archived: value['is_archived'] === true, general: value['is_general'] === true,
    creator: creator !== undefined && isId(creator) ? creator : null, members: idsOf(value['members']), directory: name === '' ? id : name, where,
  };
}
