const CHARSET = /charset\s*=\s*["']?\s*([a-z0-9_:.+-]{1,40})/i;
/** Where a page says its encoding it does so in its first bytes. */
const PRESCAN = 1_024;

/**
 * A page's bytes as text, by the order of HTML: the byte order mark, the header, what the page itself says, UTF-8. What does
 * not fit the encoding becomes U+FFFD; an unknown encoding is read as Windows-1252, which knows every byte.
 */
export function pageText(bytes: Uint8Array, contentType: string): string {
  const label = markOf(bytes) ?? CHARSET.exec(contentType)?.[1] ?? CHARSET.exec(Buffer.from(bytes.subarray(0, PRESCAN)).toString('latin1'))?.[1] ?? 'utf-8';
  return decoder(label).decode(bytes);
}

function markOf(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return undefined;
}

function decoder(label: string): { decode(bytes: Uint8Array): string } {
  try {
    return new TextDecoder(label);
  } catch (error) {
    if (error instanceof RangeError) return new TextDecoder('windows-1252');
    throw error;
  }
}

/** Characters that reorder or hide what stands around them, controls, and halves of characters. */
const UNSEEN = /[\p{Cc}\p{Cs}\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/gu;

/** One line of at most `most` characters, never cut within one that is made of several. */
export function oneLine(text: string, most: number): string {
  // What is cut away anyway is not looked at.
  const clean = text.slice(0, most * 8).replace(/\s+/gu, ' ').replace(UNSEEN, '').trim();
  if (clean.length <= most) return clean;
  let cut = '';
  for (const { segment } of graphemes.segment(clean)) {
    if (cut.length + segment.length > most - 1) break;
    cut += segment;
  }
  return `${cut.trimEnd()}…`;
}
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
