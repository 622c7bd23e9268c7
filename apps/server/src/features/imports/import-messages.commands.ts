import { channelStream } from '@parley/shared/domain/streams';
import { microsToIso } from '@parley/shared/domain/timestamp';
import type { Message } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import { LIMITS } from '@parley/shared/protocol/limits';
import { defineCommand } from '../../storage/command.ts';
import type { Tx } from '../../storage/port.ts';
import { headOf } from '../../storage/streams.ts';
import { channels, heads, messages, reactions, type HeadRow, type MessageRow } from '../../storage/tables.ts';
import { buildMessageRow } from '../messages/message-row.ts';
import { messageAt } from './import-rows.ts';
import { RunningImport, type Step } from './import-progress.ts';

/** A message as it will be here, before it has its place. */
export interface ImportMessage {
  /** Microseconds; above the channel's newest. */
  us: number;
  author_id: string;
  kind: Message['kind'];
  content: string;
  user_ids: string[];
  everyone: Message['mentions']['everyone'];
  /** Time of the thread's root in the same channel. */
  thread_us: number | null;
  broadcast: boolean;
  edited_us: number | null;
  reactions: { emoji: string; user_ids: string[] }[];
  files: { name: string; size: number; mime: string; width?: number; height?: number; created_us: number | null }[];
  system?: Message['system'];
  where: string;
}

export const importMessageCommands = {
  /**
   * Puts messages behind a channel's newest one. They count for nobody, and nothing is told of them before the channel is closed.
   * A time that the channel has already is passed over.
   */
  'imports.append': defineCommand(async (tx, args: Step & { channel_id: string; messages: ImportMessage[]; known: number }) => {
    const running = await RunningImport.begin(tx, args);
    if (running.repeated) return {};
    const channel = await tx.get(channels, [args.channel_id]);
    if (!channel || channel.import_id !== args.import_id) throw new ParleyError('conflict', 'the channel is not held by this import');
    await new Append(tx, running, await headOf(tx, channelStream(args.channel_id)), args.channel_id).run(args.messages);
    running.count('known', args.known);
    await running.end();
    return {};
  }),
};

const PARTICIPANTS = 5;

/** One command's messages: rows are written at the end, so that a root and its replies of one batch cost one write. */
class Append {
  readonly #added = new Map<number, MessageRow>();
  readonly #touched = new Map<string, MessageRow>();

  constructor(private readonly tx: Tx, private readonly running: RunningImport, private readonly head: HeadRow, private readonly channelId: string) {}

  async run(given: readonly ImportMessage[]): Promise<void> {
    for (const message of given) {
      if (message.us <= this.head.last_at) this.running.count('known');
      else await this.#add(message);
    }
    for (const row of this.#added.values()) await this.tx.insert(messages, row);
    for (const root of this.#touched.values()) {
      root.rev = root.doc.rev = ++this.head.rev;
      await this.tx.put(messages, root);
    }
    await this.tx.put(heads, this.head);
  }

  async #add(message: ImportMessage): Promise<void> {
    const root = message.thread_us === null ? undefined : await this.#root(message.thread_us);
    if (message.thread_us !== null && !root) await this.running.skip(message.where, 'the start of its thread is not in this channel; it came as a message of its own');
    this.head.last_at = message.us;
    const id = this.tx.uuid();
    const row = buildMessageRow({
      id, channel_id: this.channelId, seq: ++this.head.seq, rev: ++this.head.rev, author_id: message.author_id, client_msg_id: `import:${message.us}`, kind: message.kind,
      content: message.content, created_us: message.us, parent_message_id: root?.id ?? null, broadcast: root !== undefined && message.broadcast,
      mentions: { user_ids: message.user_ids, group_ids: [], everyone: message.everyone }, files: message.files.map((file) => this.#file(file, message.us)),
      reactions: await this.#react(id, message), imported: true, edited_us: message.edited_us, system: message.system,
    });
    this.#added.set(message.us, row);
    if (root) this.#reply(root, row);
    if (message.kind === 'system') this.running.count('notices');
    else this.running.count('messages');
    if (root) this.running.count('replies');
    this.running.count('files', message.files.length);
  }

  /** The message of that time, or its own root when it is a reply. */
  async #root(us: number): Promise<MessageRow | undefined> {
    const found = this.#added.get(us) ?? this.#byTime.get(us) ?? (await messageAt(this.tx, this.channelId, us));
    if (!found || found.doc.deleted) return undefined;
    if (!this.#added.has(us)) this.#byTime.set(us, found);
    if (found.parent_message_id === null) return found;
    const [above] = await this.tx.find(messages, { index: 'by_id', prefix: [found.parent_message_id], limit: 1 });
    if (!above) return [...this.#added.values()].find((row) => row.id === found.parent_message_id);
    return this.#touched.get(above.id) ?? above;
  }
  readonly #byTime = new Map<number, MessageRow>();

  #reply(root: MessageRow, reply: MessageRow): void {
    const before = root.doc.thread;
    const participants = before?.participant_ids ?? [];
    if (!participants.includes(reply.author_id) && participants.length < PARTICIPANTS) participants.push(reply.author_id);
    root.doc.thread = { reply_count: (before?.reply_count ?? 0) + 1, last_reply_seq: reply.seq, last_reply_at: reply.doc.created_at, participant_ids: participants };
    if (!this.#added.has(root.created_us)) this.#touched.set(root.id, root);
  }

  async #react(messageId: string, message: ImportMessage): Promise<Message['reactions']> {
    const listed: Message['reactions'] = [];
    let at = message.us;
    for (const { emoji, user_ids } of message.reactions.slice(0, LIMITS.message_reactions)) {
      for (const user_id of user_ids) await this.tx.insert(reactions, { channel_id: this.channelId, message_id: messageId, emoji, user_id, at: ++at });
      listed.push({ emoji, count: user_ids.length, user_ids: user_ids.slice(0, LIMITS.listed_people) });
      this.running.count('reactions', user_ids.length);
    }
    if (message.reactions.length > listed.length) await this.running.skip(message.where, `${message.reactions.length - listed.length} emoji beyond the ${LIMITS.message_reactions} that a message may have`);
    return listed;
  }

  #file(file: ImportMessage['files'][number], us: number): Message['files'][number] {
    const { created_us, ...about } = file;
    return { ...about, id: this.tx.uuid(), created_at: microsToIso(created_us ?? us) };
  }
}
