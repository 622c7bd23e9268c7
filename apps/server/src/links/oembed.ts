import * as z from 'zod/mini';

const short = z.catch(z.string().check(z.maxLength(4_096)), '');
/** Of what https://oembed.com describes, the parts without markup. */
const Answer = z.object({ type: z.enum(['photo', 'link', 'rich', 'video']), title: short, author_name: short, provider_name: short, url: short, thumbnail_url: short });

/** What an oEmbed answer tells. Its `html` is never looked at: a card is made of texts and a picture. */
export interface OembedFacts {
  title: string;
  description: string;
  site: string;
  picture: string | null;
}

/** Null for what is no oEmbed answer. */
export function oembedFacts(json: string): OembedFacts | null {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  const parsed = Answer.safeParse(value);
  if (!parsed.success) return null;
  const { type, title, author_name, provider_name, url, thumbnail_url } = parsed.data;
  const picture = type === 'photo' && url !== '' ? url : thumbnail_url;
  return { title: title || author_name, description: title === '' ? '' : author_name, site: provider_name, picture: picture === '' ? null : picture };
}
