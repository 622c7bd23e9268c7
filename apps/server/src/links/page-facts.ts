import { Parser } from 'htmlparser2';
import { MAX_DESCRIPTION, MAX_SITE, MAX_TITLE, type LinkFacts } from './port.ts';
import { oneLine } from './page-text.ts';

/** What a page's head tells, as it stands there: Open Graph first, then Twitter's names, then the page's own. */
export interface PageFacts {
  title: string;
  description: string;
  site: string;
  /** Addresses as written. */
  picture: string | null;
  oembed: string | null;
}

const NAMES = new Map<string, readonly [field: 'title' | 'description' | 'site' | 'picture', rank: number]>([
  ['og:title', ['title', 3]],
  ['twitter:title', ['title', 2]],
  ['og:description', ['description', 3]],
  ['twitter:description', ['description', 2]],
  ['description', ['description', 1]],
  ['og:site_name', ['site', 3]],
  ['application-name', ['site', 1]],
  ['og:image:secure_url', ['picture', 4]],
  ['og:image', ['picture', 3]],
  ['og:image:url', ['picture', 3]],
  ['twitter:image', ['picture', 2]],
  ['twitter:image:src', ['picture', 2]],
]);
const LONGEST = 4_096;
/** The parser's time grows with the square of the depth; what a head tells stands nowhere near it. */
const DEEPEST = 500;

/** Reads an HTML page, whole or its beginning. Nothing in it is run or fetched. */
export function pageFacts(html: string): PageFacts {
  const best: Record<'title' | 'description' | 'site' | 'picture', { text: string; rank: number }> = { title: none(), description: none(), site: none(), picture: none() };
  const take = (field: keyof typeof best, text: string, rank: number): void => {
    if (text.trim() !== '' && rank > best[field].rank) best[field] = { text: text.slice(0, LONGEST), rank };
  };
  let oembed: string | null = null;
  let inTitle = false;
  let inPicture = 0;
  let title = '';
  let depth = 0;
  const parser = new Parser({
    onopentag(name, attributes) {
      if (++depth > DEEPEST) return parser.pause();
      if (name === 'svg' || name === 'noscript' || name === 'template') inPicture += 1;
      if (inPicture > 0) return;
      if (name === 'title') inTitle = title === '';
      else if (name === 'meta') {
        const known = NAMES.get((attributes['property'] ?? attributes['name'] ?? '').trim().toLowerCase());
        if (known) take(known[0], attributes['content'] ?? '', known[1]);
      } else if (name === 'link' && oembed === null && attributes['type']?.trim().toLowerCase() === 'application/json+oembed' && /(?:^|\s)alternate(?:\s|$)/i.test(attributes['rel'] ?? '')) {
        const href = attributes['href'] ?? '';
        if (href !== '' && href.length <= LONGEST) oembed = href;
      }
    },
    ontext(text) {
      if (inTitle && title.length < LONGEST) title += text;
    },
    onclosetag(name) {
      depth -= 1;
      if (name === 'title') inTitle = false;
      if (name === 'svg' || name === 'noscript' || name === 'template') inPicture = Math.max(0, inPicture - 1);
    },
  }, { decodeEntities: true, lowerCaseTags: true, lowerCaseAttributeNames: true });
  parser.end(html);
  take('title', title, 1);
  return { title: best.title.text, description: best.description.text, site: best.site.text, picture: best.picture.text.trim() || null, oembed };
}

const none = (): { text: string; rank: number } => ({ text: '', rank: 0 });

/** The three texts of a card. Null without a title: then there is nothing to call it. */
export function factsOf(found: { title: string; description: string; site: string }, url: URL): LinkFacts | null {
  const title = oneLine(found.title, MAX_TITLE);
  if (title === '') return null;
  const description = oneLine(found.description, MAX_DESCRIPTION);
  return { title, description: description === title ? '' : description, site: oneLine(found.site, MAX_SITE) || oneLine(url.hostname.replace(/^www\./, ''), MAX_SITE) };
}
