import type { Found, Inline, References } from './mrkdwn-nodes.ts';

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>' };

/** Slack escapes these three and nothing else. */
export const unescapeSlack = (text: string): string => text.replace(/&(amp|lt|gt);/g, (_, name: string) => ENTITIES[name] ?? '');

/** The schemes that a message here may lead to; text with another one stays text. */
const FOLLOWED = /^(?:https?:\/\/|mailto:)\S/i;
const SCHEME = /^[a-z][a-z0-9+.-]{1,31}:\S/i;

/** Reads what stands between `<` and `>`; null when it is no token of Slack's. */
export function readToken(inner: string, references: References, found: Found): Inline | null {
  const bar = inner.indexOf('|');
  const target = bar < 0 ? inner : inner.slice(0, bar);
  const label = bar < 0 ? '' : unescapeSlack(inner.slice(bar + 1));
  const id = target.slice(1);
  switch (target[0]) {
    case '@': {
      if (!/^[A-Z0-9]{2,32}$/.test(id)) return null;
      const user = references.user(id);
      if (user !== null) return found.users.add(user), { type: 'raw', markup: `<@${user}>` };
      found.unknown.add(target);
      return { type: 'text', text: `@${(label || id).replace(/^@/, '')}` };
    }
    case '#': {
      if (!/^[A-Z0-9]{2,32}$/.test(id)) return null;
      const channel = references.channel(id);
      if (channel !== null) return { type: 'raw', markup: `<#${channel}>` };
      found.unknown.add(target);
      return { type: 'text', text: `#${(label || id).replace(/^#/, '')}` };
    }
    case '!': return command(id, label, found);
    default: return address(unescapeSlack(target), label);
  }
}

function command(word: string, label: string, found: Found): Inline | null {
  const [name = '', ...rest] = word.split('^');
  switch (name) {
    case 'channel':
    case 'everyone':
      found.everyone = 'channel';
      return { type: 'raw', markup: '<!channel>' };
    case 'here':
      if (found.everyone === 'none') found.everyone = 'here';
      return { type: 'raw', markup: '<!here>' };
    case 'subteam':
      found.unknown.add(`!${word}`);
      return { type: 'text', text: `@${(label || rest[0] || 'group').replace(/^@/, '')}` };
    case 'date': {
      const shown = label || utc(rest[0]) || rest[1] || '';
      const link = rest[2];
      return link !== undefined && FOLLOWED.test(link) && shown !== '' ? { type: 'link', url: unescapeSlack(link), label: shown } : { type: 'text', text: shown };
    }
    default:
      return /^[a-z_]+$/.test(name) ? { type: 'text', text: label || `@${name}` } : null;
  }
}

function utc(seconds: string | undefined): string {
  const time = new Date(Number(seconds) * 1000);
  return seconds && Number.isFinite(time.getTime()) ? `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC` : '';
}

function address(url: string, label: string): Inline | null {
  if (FOLLOWED.test(url)) return { type: 'link', url, label };
  if (!SCHEME.test(url)) return null;
  return { type: 'text', text: label === '' || label === url ? url : `${label} (${url})` };
}
