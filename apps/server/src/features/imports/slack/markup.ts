import { LIMITS } from '@parley/shared/protocol/limits';
import { writeCommonMark } from './commonmark-write.ts';
import type { Found, References } from './mrkdwn-nodes.ts';
import { parseMrkdwn } from './mrkdwn-parse.ts';

export interface Converted {
  /** CommonMark with this server's references. */
  content: string;
  /** People named by `<@ID>`, in order of appearance. */
  user_ids: string[];
  everyone: 'none' | 'channel' | 'here';
  /** References to what is not here, shown by name instead. */
  unknown: string[];
  /** True when the text was longer than a message may be, and its end is missing. */
  cut: boolean;
}

/** Turns Slack's text into CommonMark that shows alike. Pure; bounded by the length of the text. */
export function convertMrkdwn(text: string, references: References): Converted {
  let source = clean(text);
  let cut = false;
  for (;;) {
    const found: Found = { users: new Set(), everyone: 'none', unknown: new Set() };
    const content = writeCommonMark(parseMrkdwn(source, references, found));
    if (content.length <= LIMITS.content_characters) return { content, user_ids: [...found.users], everyone: found.everyone, unknown: [...found.unknown], cut };
    cut = true;
    source = shorten(source, Math.floor(source.length * Math.min(0.95, LIMITS.content_characters / content.length)));
  }
}

/** At a line or word end where one is near, and never inside a surrogate pair or a token. */
function shorten(text: string, length: number): string {
  let end = Math.max(0, length);
  const near = Math.max(text.lastIndexOf('\n', end), text.lastIndexOf(' ', end));
  if (near > end - 200 && near > 0) end = near;
  const open = text.lastIndexOf('<', end);
  if (open > end - 1000 && open >= 0 && text.indexOf('>', open) >= end) end = open;
  if (/[\ud800-\udbff]/.test(text[end - 1] ?? '')) end--;
  return text.slice(0, end);
}

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

// eslint-disable-next-line no-control-regex -- these are what is taken out
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** One kind of line end; no control characters, which show nothing; no halves of surrogate pairs. */
function clean(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(CONTROLS, '').replace(LONE_SURROGATE, '\ufffd').replace(/^\n+|\s+$/g, '');
}

/** The ids of people and channels that a text names, so that they can be looked up before it is converted. */
export function referencedIds(text: string): { users: string[]; channels: string[] } {
  const users = new Set<string>();
  const channels = new Set<string>();
  for (const [, kind, id] of text.matchAll(/<([@#])([A-Z0-9]{2,32})[|>]/g)) (kind === '@' ? users : channels).add(id!);
  return { users: [...users], channels: [...channels] };
}
