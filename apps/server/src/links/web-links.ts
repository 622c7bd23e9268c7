import { ParleyError } from '@parley/shared/protocol/errors';
import { EgressError } from '../egress/egress-error.ts';
import type { Egress, EgressAnswer } from '../egress/port.ts';
import { NotAPicture, type Picture, type Pictures } from '../pictures/port.ts';
import { oembedFacts } from './oembed.ts';
import { factsOf, pageFacts } from './page-facts.ts';
import { pageText } from './page-text.ts';
import type { LinkReader, LinkReading } from './port.ts';

const PAGE = { maxBytes: 512 * 1024, overflow: 'cut', timeoutMs: 8_000, redirects: 5 } as const;
const OEMBED = { maxBytes: 64 * 1024, timeoutMs: 5_000, redirects: 3 } as const;
const PICTURE = { maxBytes: 8 * 1024 * 1024, timeoutMs: 8_000, redirects: 3 } as const;
/** What a card shows, at twice the density. */
const BOX = { maxWidth: 720, maxHeight: 480 } as const;
/** Smaller ones are marks and counters, not pictures of anything. */
const LEAST_PIXELS = 48;
const AGENT = 'Parley/1 (link cards)';

/** Reads links over the guarded client; pictures are made anew. */
export class WebLinks implements LinkReader {
  constructor(private readonly deps: { egress: Egress; pictures: Pictures }) {}

  async read(link: string, signal: AbortSignal): Promise<LinkReading> {
    if (!URL.canParse(link)) return { kind: 'nothing' };
    const url = new URL(link);
    url.hash = '';
    try {
      const answer = await this.#get(url.href, 'text/html,application/xhtml+xml;q=0.9,image/*;q=0.5', PAGE, signal);
      if (answer.status === 429 || answer.status >= 500) return { kind: 'unreachable' };
      if (answer.status !== 200) return { kind: 'nothing' };
      const type = (answer.headers['content-type'] ?? '').toLowerCase();
      if (/^(?:text\/html|application\/xhtml\+xml)\b/.test(type)) return await this.#page(answer, type, signal);
      return /^image\//.test(type) ? await this.#picturePage(new URL(answer.url), signal) : { kind: 'nothing' };
    } catch (error) {
      if (error instanceof EgressError) return { kind: ['timed_out', 'network', 'unresolved'].includes(error.code) ? 'unreachable' : 'nothing' };
      throw error;
    }
  }

  async #page(answer: EgressAnswer, type: string, signal: AbortSignal): Promise<LinkReading> {
    const at = new URL(answer.url);
    let found = pageFacts(pageText(answer.body, type));
    if (found.oembed !== null && (found.title === '' || found.picture === null)) {
      const told = await this.#oembed(found.oembed, at, signal);
      if (told) found = { ...found, title: found.title || told.title, description: found.description || told.description, site: found.site || told.site, picture: found.picture ?? told.picture };
    }
    const facts = factsOf(found, at);
    if (!facts) return { kind: 'nothing' };
    return { kind: 'page', facts, picture: found.picture === null ? null : await this.#picture(found.picture, at, signal) };
  }

  /** An address that is a picture itself is called by its file. */
  async #picturePage(at: URL, signal: AbortSignal): Promise<LinkReading> {
    const picture = await this.#picture(at.href, at, signal);
    const facts = picture && factsOf({ title: fileName(at) || at.hostname, description: '', site: '' }, at);
    return facts ? { kind: 'page', facts, picture } : { kind: 'nothing' };
  }

  async #oembed(href: string, base: URL, signal: AbortSignal): Promise<ReturnType<typeof oembedFacts>> {
    const answer = await this.#part(href, base, 'application/json', OEMBED, signal);
    return answer && oembedFacts(answer.body.toString('utf8'));
  }

  async #picture(href: string, base: URL, signal: AbortSignal): Promise<Picture | null> {
    const answer = await this.#part(href, base, 'image/webp,image/png,image/jpeg,image/gif', PICTURE, signal);
    if (!answer) return null;
    try {
      const picture = await this.deps.pictures.reencode(answer.body, BOX);
      return Math.min(picture.width, picture.height) < LEAST_PIXELS ? null : picture;
    } catch (error) {
      if (error instanceof NotAPicture) return null;
      throw error;
    }
  }

  /** What goes with a page: without it the card is smaller. */
  async #part(href: string, base: URL, accept: string, limits: typeof OEMBED | typeof PICTURE, signal: AbortSignal): Promise<EgressAnswer | null> {
    if (!URL.canParse(href, base.href)) return null;
    try {
      const answer = await this.#get(new URL(href, base).href, accept, limits, signal);
      return answer.status === 200 ? answer : null;
    } catch (error) {
      if (error instanceof EgressError) return null;
      throw error;
    }
  }

  async #get(url: string, accept: string, limits: typeof PAGE | typeof OEMBED | typeof PICTURE, signal: AbortSignal): Promise<EgressAnswer> {
    try {
      return await this.deps.egress.request({ url, headers: { 'user-agent': AGENT, accept }, ...limits, signal });
    } catch (error) {
      // Stopping says nothing about the page.
      if (signal.aborted) throw new ParleyError('unavailable', 'stopped while reading a link');
      throw error;
    }
  }
}

function fileName(at: URL): string {
  const last = at.pathname.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(last);
  } catch (error) {
    if (error instanceof URIError) return last;
    throw error;
  }
}
