/** Addresses of places in Parley: `/w/WORKSPACE/c/CHANNEL[/m/MESSAGE][/t/ROOT]`, by https or `parley://`. */

export interface Permalink { workspaceId: string; channelId: string; messageId?: string; rootId?: string }

const ID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const PATH = new RegExp(`^/w/(${ID})/c/(${ID})(?:/m/(${ID}))?(?:/t/(${ID}))?/?$`);

/** Reads an address of this very server; null for any other. */
export function readPermalink(url: string, origin: string): Permalink | null {
  const host = origin.replace(/^https?:\/\//, '');
  let path: string | null = null;
  if (url.startsWith(`${origin}/`)) path = url.slice(origin.length);
  else if (url.startsWith(`parley://${host}/`)) path = url.slice(`parley://${host}`.length);
  const found = path === null ? null : PATH.exec(path);
  if (!found) return null;
  return { workspaceId: found[1] ?? '', channelId: found[2] ?? '', ...(found[3] ? { messageId: found[3] } : {}), ...(found[4] ? { rootId: found[4] } : {}) };
}

export function permalinkPath(link: Permalink): string {
  return `/w/${link.workspaceId}/c/${link.channelId}${link.messageId ? `/m/${link.messageId}` : ''}${link.rootId ? `/t/${link.rootId}` : ''}`;
}
