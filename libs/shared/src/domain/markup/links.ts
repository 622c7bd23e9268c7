/** Which addresses a message may lead to, and what a link shows. Pure: no URL parser of a platform is used. */

const ALLOWED = /^(?:https?:\/\/|mailto:|parley:\/\/)/i;
const HAS_SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/** The address with its scheme when it may be followed, else null. */
export function allowedUrl(url: string): string | null {
  // Browsers skip control characters inside a scheme, so `java\nscript:` must not slip through.
  const clean = [...url].filter((c) => c > ' ' && c !== '\u007f').join('');
  if (ALLOWED.test(clean)) return clean;
  if (!HAS_SCHEME.test(clean) && /^www\./i.test(clean)) return `http://${clean}`;
  return null;
}

/** `https://Example.org/` and `example.org` lead to the same place as far as a reader is concerned. */
function comparable(address: string): string {
  return address.trim().replace(/^(?:https?:\/\/|mailto:|parley:\/\/)/i, '').replace(/^www\./i, '').replace(/\/+$/, '').toLowerCase();
}

const LOOKS_LIKE_ADDRESS = /^(?:(?:https?|parley):\/\/|www\.)\S+$|^[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*\.[\p{L}]{2,}(?:[/:?#]\S*)?$/u;

/** True when a link's text looks like another address than the one it leads to: then the target is shown instead. */
export function isDeceiving(text: string, url: string): boolean {
  const shown = text.trim();
  if (!LOOKS_LIKE_ADDRESS.test(shown)) return false;
  const host = (address: string) => comparable(address).split(/[/?#]/)[0] ?? '';
  return comparable(shown) !== comparable(url) && host(shown) !== host(url);
}
