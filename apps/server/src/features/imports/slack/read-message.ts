import { idsOf, isId, isObject, lineOf, listOf, microsOf, textOf, type Json } from './records.ts';
import { reactionEmoji } from './emoji-names.ts';

/** A message of the archive, before its text is converted and its ids are looked up. */
export interface SourceMessage {
  us: number;
  author: Author;
  kind: 'text' | 'me' | 'bot' | 'system';
  /** In Slack's markup. */
  text: string;
  thread_us: number | null;
  broadcast: boolean;
  edited_us: number | null;
  reactions: { emoji: string; users: string[] }[];
  files: SourceFile[];
  system?: { event: string; text?: string };
  /** What of it could not be taken, though the message was. */
  losses: string[];
}
/** Of a person by id, or of a bot by a key made of its id and the name it showed. */
export interface Author {
  id: string;
  bot: boolean;
  /** For those who are not in `users.json`. */
  name: string;
}
export interface SourceFile {
  name: string;
  size: number;
  mime: string;
  width?: number;
  height?: number;
  created_us: number | null;
}
export type Read = { message: SourceMessage } | { skip: string };

const NOTICES: Readonly<Record<string, string>> = {
  channel_join: 'joined', group_join: 'joined', channel_leave: 'left', group_leave: 'left', channel_topic: 'topic', group_topic: 'topic', channel_name: 'renamed', group_name: 'renamed',
  channel_archive: 'archived', group_archive: 'archived', channel_unarchive: 'unarchived', group_unarchive: 'unarchived',
  channel_purpose: 'note', group_purpose: 'note', pinned_item: 'note', unpinned_item: 'note', bot_add: 'note', bot_remove: 'note', bot_enable: 'note', bot_disable: 'note',
  channel_convert_to_private: 'note', channel_convert_to_public: 'note', channel_posting_permissions: 'note', channel_canvas_updated: 'note', reminder_add: 'note', sh_room_created: 'note', sh_room_shared: 'note',
  huddle_thread: 'note', joiner_notification: 'note', joiner_notification_for_inviter: 'note', app_conversation_join: 'note', app_conversation_leave: 'note', tombstone: 'note', document_mention: 'note', mention_notification: 'note',
};
const SAID: ReadonlySet<string> = new Set(['file_share', 'file_mention', 'file_comment', 'me_message', 'bot_message', 'slackbot_response', 'thread_broadcast', 'reply_broadcast', 'reminder', 'assistant_app_thread']);
const CHANGES: Readonly<Record<string, string>> = {
  message_changed: 'an edit of another message, which the archive has in its last form', message_deleted: 'the deletion of another message', message_replied: 'tells of a reply, which the archive has itself',
  ekm_access_denied: 'the archive has not its text, for lack of access to its key',
};
const MOST_FILES = 20;

/** Reads an element of a day file: a message, or the reason why it is none. */
export function readMessage(value: Json): Read {
  const subtype = textOf(value['subtype']);
  if (textOf(value['type']) !== undefined && value['type'] !== 'message') return { skip: `is of type ${lineOf(value['type'], 40)}, no message` };
  const us = microsOf(value['ts']);
  if (us === undefined) return { skip: 'has no valid time (ts)' };
  if (subtype !== undefined && CHANGES[subtype] !== undefined) return { skip: `${subtype}: ${CHANGES[subtype]}` };
  const event = subtype === undefined ? undefined : NOTICES[subtype];
  const author = authorOf(value, subtype);
  if (!author) return { skip: `${subtype ?? 'message'}: says nobody as its author` };
  const losses: string[] = [];
  if (subtype !== undefined && event === undefined && !SAID.has(subtype)) losses.push(`the unknown kind ${lineOf(subtype, 40)} came as plain text`);
  const files = event ? [] : filesOf(value, losses);
  const text = [subtype === 'file_comment' ? commentText(value) : (textOf(value['text']) ?? ''), event ? '' : attachmentsText(value)].filter(Boolean).join('\n');
  // Somebody sent an empty line: it is theirs. A notice of an unnamed kind without text tells nothing.
  if (text.trim() === '' && files.length === 0 && (event === 'note' || (subtype !== undefined && event === undefined))) return { skip: `${subtype}: has neither text nor files` };
  const threadUs = microsOf(value['thread_ts']);
  const message: SourceMessage = {
    us, author, kind: event ? 'system' : subtype === 'me_message' ? 'me' : author.bot || subtype === 'bot_message' || textOf(value['bot_id']) ? 'bot' : 'text',
    text, thread_us: threadUs === undefined || threadUs === us || event ? null : threadUs, broadcast: subtype === 'thread_broadcast' || subtype === 'reply_broadcast',
    edited_us: isObject(value['edited']) ? (microsOf(value['edited']['ts']) ?? null) : null, reactions: reactionsOf(value, losses), files, losses,
  };
  if (event) {
    const about = event === 'topic' ? lineOf(value['topic'], 250) : event === 'renamed' ? lineOf(value['name'], 80) : undefined;
    message.system = { event, ...(about === undefined ? {} : { text: about }) };
  }
  return { message };
}

function authorOf(value: Json, subtype: string | undefined): Author | undefined {
  const comment = subtype === 'file_comment' && isObject(value['comment']) ? textOf(value['comment']['user']) : undefined;
  const user = comment ?? textOf(value['user']);
  const profile = isObject(value['user_profile']) ? value['user_profile'] : {};
  if (user !== undefined && isId(user)) return { id: user, bot: user === 'USLACKBOT', name: lineOf(profile['display_name'], 80) || lineOf(profile['real_name'], 80) || lineOf(profile['name'], 80) || (user === 'USLACKBOT' ? 'Slackbot' : user) };
  const bot = textOf(value['bot_id']);
  const name = lineOf(value['username'], 80) || (isObject(value['bot_profile']) ? lineOf(value['bot_profile']['name'], 80) : '');
  if (bot === undefined && name === '') return undefined;
  return { id: `bot/${bot !== undefined && isId(bot) ? bot : ''}/${name}`, bot: true, name: name || bot || 'bot' };
}

const commentText = (value: Json): string => (isObject(value['comment']) ? (textOf(value['comment']['comment']) ?? '') : '');

/** What bots and integrations said in attachments, as quotes; previews of links, which the text has, are left out. */
function attachmentsText(value: Json): string {
  return listOf(value['attachments'])
    .filter(isObject)
    .filter((a) => a['from_url'] === undefined || a['is_share'] === true || a['is_msg_unfurl'] === true)
    .map((a) => {
      const title = textOf(a['title']) ?? '';
      const link = textOf(a['title_link']) ?? '';
      const body = textOf(a['text']) || (title === '' ? textOf(a['fallback']) : '') || '';
      const fields = listOf(a['fields']).filter(isObject).map((f) => [textOf(f['title']), textOf(f['value'])].filter(Boolean).join(': '));
      const lines = [title === '' ? '' : /^https?:/.test(link) ? `<${link}|${title.replace(/[<>|]/g, ' ')}>` : title, body, ...fields].filter(Boolean).join('\n');
      return [textOf(a['pretext']) ?? '', lines.split('\n').filter(Boolean).map((line) => `&gt; ${line}`).join('\n')].filter(Boolean).join('\n');
    })
    .filter(Boolean)
    .join('\n');
}

function reactionsOf(value: Json, losses: string[]): { emoji: string; users: string[] }[] {
  const found = new Map<string, Set<string>>();
  for (const reaction of listOf(value['reactions']).filter(isObject)) {
    const emoji = reactionEmoji(textOf(reaction['name']) ?? '');
    const users = idsOf(reaction['users']);
    if (emoji === null || users.length === 0) losses.push('a reaction without a name or people');
    else found.set(emoji, new Set([...(found.get(emoji) ?? []), ...users]));
  }
  return [...found].map(([emoji, users]) => ({ emoji, users: [...users] }));
}

function filesOf(value: Json, losses: string[]): SourceFile[] {
  const raw = [...listOf(value['files']), ...(isObject(value['file']) ? [value['file']] : [])].filter(isObject);
  const files: SourceFile[] = [];
  for (const file of raw) {
    if (file['mode'] === 'tombstone' || file['mode'] === 'hidden_by_limit') losses.push('a file that Slack no longer had');
    else if (files.length === MOST_FILES) losses.push(`a file beyond the ${MOST_FILES} that a message may have`);
    else files.push(fileOf(file));
  }
  return files;
}

function fileOf(file: Json): SourceFile {
  const number = (v: unknown) => (typeof v === 'number' && Number.isSafeInteger(v) && v >= 0 ? v : undefined);
  const width = number(file['original_w']), height = number(file['original_h']), created = number(file['created']);
  return {
    name: lineOf(file['name'], 255) || lineOf(file['title'], 255) || 'file', size: number(file['size']) ?? 0,
    mime: /^[\w.+-]+\/[\w.+-]+$/.exec(textOf(file['mimetype']) ?? '')?.[0] ?? 'application/octet-stream',
    ...(width && height ? { width, height } : {}), created_us: created ? created * 1_000_000 : null,
  };
}
