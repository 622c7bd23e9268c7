import { ChannelName, Username } from '@parley/shared/protocol/common';

const LATIN: Readonly<Record<string, string>> = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', đ: 'd', ð: 'd', þ: 'th', ł: 'l', ı: 'i' };

/** The nearest username that is allowed: `|Trey|` becomes `trey`, `Zoë Müller` becomes `zoe-muller`; `fallback` when nothing of it is left. */
export function foldUsername(name: string, fallback: string): string {
  const fold = (text: string) =>
    text.toLowerCase().normalize('NFKD').replace(/\p{M}+/gu, '').replace(/[ßæœøđðþłı]/g, (c) => LATIN[c] ?? '')
      .replace(/[^a-z0-9._-]+/g, '-').replace(/^[^a-z0-9]+/, '').slice(0, 64).replace(/-+$/, '');
  return fold(name) || fold(fallback) || 'user';
}

/** The nearest channel name that is allowed. */
export function foldChannelName(name: string, fallback: string): string {
  const fold = (text: string) =>
    [...text.normalize('NFC').toLowerCase().replace(/[^\p{Ll}\p{Lo}\p{M}\p{N}_-]+/gu, '-').replace(/^-+|-+$/g, '')].join('').slice(0, 80).replace(/[\ud800-\udbff]$/, '');
  return fold(name) || fold(fallback) || 'channel';
}

/** The name itself, then `name-2`, `name-3` …, each within `most` characters. */
export function* alternatives(name: string, most: number): Generator<string> {
  yield name;
  for (let n = 2; ; n++) yield `${name.slice(0, most - String(n).length - 1)}-${n}`;
}

export const isUsername = (name: string): boolean => Username.safeParse(name).success;
export const isChannelName = (name: string): boolean => ChannelName.safeParse(name).success;
