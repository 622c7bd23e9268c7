import type { Picture } from '../pictures/port.ts';

/** What the page behind a link says of itself: plain text on one line each, bounded. */
export interface LinkFacts {
  title: string;
  description: string;
  /** The site's name; its host where it has none. */
  site: string;
}

export type LinkReading =
  | { kind: 'page'; facts: LinkFacts; picture: Picture | null }
  /** There is nothing to show: no such page, none for people, or an address that is not asked. */
  | { kind: 'nothing' }
  /** Nobody answered, or not in time; it may be otherwise soon. */
  | { kind: 'unreachable' };

/** Reads what links lead to. Whatever the other side does, it ends in time and with one of these. */
export interface LinkReader {
  /** @throws `unavailable` when this server cannot do it now */
  read(url: string, signal: AbortSignal): Promise<LinkReading>;
}

export const MAX_TITLE = 200;
export const MAX_DESCRIPTION = 400;
export const MAX_SITE = 80;

/** For worlds without an outside: nothing is behind any link. */
export const noLinks: LinkReader = { read: async () => ({ kind: 'nothing' }) };
