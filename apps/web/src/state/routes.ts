import { navigate } from 'wouter/use-browser-location';

/** LAY-8: addresses of everything one can look at. */
export const paths = {
  workspace: (workspaceId: string) => `/w/${workspaceId}`,
  channel: (workspaceId: string, channelId: string, at: { messageId?: string | undefined; rootId?: string | undefined; panel?: 'activity' | undefined } = {}) =>
    `/w/${workspaceId}/c/${channelId}${at.messageId === undefined ? '' : `/m/${at.messageId}`}${at.rootId === undefined ? '' : `/t/${at.rootId}`}${at.panel === undefined ? '' : `?panel=${at.panel}`}`,
  scene: (workspaceId: string, scene: 'activity' | 'threads' | 'drafts' | 'later' | 'browse' | 'groups') => `/w/${workspaceId}/${scene}`,
  search: (workspaceId: string, q: string) => `/w/${workspaceId}/search?q=${encodeURIComponent(q)}`,
  preferences: (page: string) => `/preferences/${page}`,
};

export interface Place {
  workspaceId: string | null;
  channelId: string | null;
  messageId: string | null;
  rootId: string | null;
  scene: 'channel' | 'activity' | 'threads' | 'drafts' | 'later' | 'browse' | 'groups' | 'preferences' | 'search' | 'home' | 'unknown';
  page: string | null;
  /** The right panel that the address asks for. */
  panel: 'details' | 'activity' | null;
  /** What is searched for in the right panel; null: nothing. */
  search: string | null;
  /** Which tab of the panel. */
  tab: string | null;
}

const CHANNEL = /^\/w\/([\w-]+)\/c\/([\w-]+)(?:\/m\/([\w-]+))?(?:\/t\/([\w-]+))?\/?$/;
const SCENE = /^\/w\/([\w-]+)\/(activity|threads|drafts|later|browse|groups)\/?$/;
const SEARCH = /^\/w\/([\w-]+)\/search\/?$/;
const HOME = /^\/(?:w\/([\w-]+)\/?)?$/;
const PREFERENCES = /^\/preferences(?:\/([a-z]+))?\/?$/;

/** What an address means; addresses that mean nothing here are `unknown`. */
export function readPlace(path: string, search: string): Place {
  const query = new URLSearchParams(search);
  const place: Place = { workspaceId: null, channelId: null, messageId: null, rootId: null, scene: 'unknown', page: null, panel: (['details', 'activity'] as const).find((panel) => panel === query.get('panel')) ?? null, search: null, tab: query.get('tab') };
  const channel = CHANNEL.exec(path);
  if (channel) return { ...place, search: query.get('search'), scene: 'channel', workspaceId: channel[1] ?? null, channelId: channel[2] ?? null, messageId: channel[3] ?? null, rootId: channel[4] ?? null };
  const scene = SCENE.exec(path);
  if (scene) return { ...place, scene: scene[2] as 'activity' | 'threads' | 'drafts' | 'later' | 'browse' | 'groups', workspaceId: scene[1] ?? null };
  const found = SEARCH.exec(path);
  if (found) return { ...place, scene: 'search', workspaceId: found[1] ?? null, search: query.get('q') ?? '' };
  const preferences = PREFERENCES.exec(path);
  if (preferences) return { ...place, scene: 'preferences', page: preferences[1] ?? 'appearance' };
  const home = HOME.exec(path);
  return home ? { ...place, scene: 'home', workspaceId: home[1] ?? null } : place;
}

export const go = (path: string, options: { replace?: boolean } = {}): void => navigate(path, options);

/** Opens or closes the right panel of the page that one is on. */
export function showPanel(panel: 'details' | null, tab?: string): void {
  const query = new URLSearchParams(window.location.search);
  if (panel === null) query.delete('panel');
  else query.set('panel', panel);
  if (panel === null || tab === undefined) query.delete('tab');
  else query.set('tab', tab);
  const text = query.toString();
  go(`${window.location.pathname}${text === '' ? '' : `?${text}`}`);
}

/** Changes what is searched for where one is, without a step in the history; null ends the search. */
export function showSearch(place: Pick<Place, 'scene' | 'workspaceId'>, q: string | null): void {
  if (place.scene === 'search') {
    if (q === null) go(paths.workspace(place.workspaceId ?? ''));
    else go(paths.search(place.workspaceId ?? '', q), { replace: true });
    return;
  }
  const query = new URLSearchParams(window.location.search);
  if (q === null) query.delete('search');
  else query.set('search', q);
  const text = query.toString();
  go(`${window.location.pathname}${text === '' ? '' : `?${text}`}`, { replace: true });
}
