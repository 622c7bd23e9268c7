import type { Engine } from '@parley/shared/sync/api';
import type { MessageId } from '../i18n/catalogue.ts';
import { deviceSettings } from '../platform/device-settings.ts';
import { rowBadge } from '../state/counts.ts';
import type { HerePlace } from '../state/place.tsx';
import { go, paths, showPanel } from '../state/routes.ts';
import { openDialog } from '../state/screen.ts';
import { toggleStar } from '../features/sidebar/move.ts';
import { sidebarOrder } from '../state/sidebar-order.ts';
import { focusMessages, walkRegions } from './regions.ts';

export interface CommandContext {
  engine: Engine;
  place: HerePlace;
  /** True while the key was pressed in a text. */
  typing: boolean;
}

export interface Command {
  id: string;
  title: MessageId;
  group: 'go' | 'channel' | 'view' | 'me';
  /** Any of them; `desktop` ones are the browser's own in a tab. */
  keys?: readonly string[];
  desktop?: readonly string[];
  /** Not in the palette: it is about the focus. */
  keysOnly?: boolean;
  when?(context: CommandContext): boolean;
  /** False gives the key back to the browser. */
  run(context: CommandContext): boolean | void;
}

const inChannel = (context: CommandContext) => context.place.channelId !== null;
const scene = (name: 'activity' | 'threads' | 'drafts' | 'later' | 'browse' | 'groups') => (context: CommandContext) => go(paths.scene(context.place.workspaceId, name));

/** Section 9: one table for keys, palette, sheet, menus and tooltips. */
export const COMMANDS: readonly Command[] = [
  { id: 'switcher', title: 'command.switcher', group: 'go', keys: ['Mod+K'], run: () => openDialog({ kind: 'switcher', start: '' }) },
  { id: 'new_message', title: 'command.new_message', group: 'go', keys: ['Mod+Shift+K'], desktop: ['Mod+N'], run: () => openDialog({ kind: 'new_message' }) },
  { id: 'previous_channel', title: 'command.previous_channel', group: 'go', keys: ['Alt+ArrowUp'], run: (context) => step(context, -1, false) },
  { id: 'next_channel', title: 'command.next_channel', group: 'go', keys: ['Alt+ArrowDown'], run: (context) => step(context, 1, false) },
  { id: 'previous_unread', title: 'command.previous_unread', group: 'go', keys: ['Alt+Shift+ArrowUp'], run: (context) => step(context, -1, true) },
  { id: 'next_unread', title: 'command.next_unread', group: 'go', keys: ['Alt+Shift+ArrowDown'], run: (context) => step(context, 1, true) },
  { id: 'activity', title: 'command.activity', group: 'go', keys: ['Mod+Shift+M'], run: scene('activity') },
  { id: 'threads', title: 'command.threads', group: 'go', keys: ['Mod+Shift+H'], desktop: ['Mod+Shift+T'], run: scene('threads') },
  { id: 'drafts', title: 'command.drafts', group: 'go', keys: ['Mod+Shift+O'], run: scene('drafts') },
  { id: 'later', title: 'command.later', group: 'go', keys: ['Mod+Shift+S'], run: scene('later') },
  { id: 'browse', title: 'command.browse', group: 'go', keys: ['Mod+Shift+L'], run: scene('browse') },
  { id: 'groups', title: 'command.groups', group: 'go', run: scene('groups') },
  { id: 'emoji', title: 'command.emoji', group: 'go', run: () => openDialog({ kind: 'emoji' }) },
  { id: 'search', title: 'command.search', group: 'go', keys: ['Mod+G'], run: ({ place }) => { if (!focusSearch()) go(paths.search(place.workspaceId, '')); } },
  { id: 'search_channel', title: 'command.search_channel', group: 'channel', keys: ['Mod+F'], when: inChannel, run: searchHere },
  { id: 'create_channel', title: 'command.create_channel', group: 'channel', run: () => openDialog({ kind: 'create_channel', name: '' }) },
  { id: 'details', title: 'command.details', group: 'channel', keys: ['Mod+.'], desktop: ['Mod+Shift+I'], when: inChannel, run: ({ place }) => closeOrShowDetails(place) },
  { id: 'mute', title: 'command.mute', group: 'channel', when: ({ engine, place }) => place.channelId !== null && engine.channel(place.channelId).get()?.membership != null, run: ({ engine, place }) => toggleMute(engine, place.channelId) },
  { id: 'star', title: 'command.star', group: 'channel', when: inChannel, run: ({ engine, place }) => { if (place.channelId !== null) toggleStar(engine, place.channelId); } },
  { id: 'add_people', title: 'command.add_people', group: 'channel', when: inChannel, run: ({ place }) => { if (place.channelId !== null) openDialog({ kind: 'add_people', channelId: place.channelId }); } },
  { id: 'leave', title: 'command.leave', group: 'channel', when: ({ engine, place }) => place.channelId !== null && engine.channel(place.channelId).get()?.membership != null && engine.channel(place.channelId).get()?.channel.is_default !== true, run: ({ place }) => { if (place.channelId !== null) openDialog({ kind: 'leave_channel', channelId: place.channelId }); } },
  { id: 'read_all', title: 'command.read_all', group: 'channel', keys: ['Shift+Escape'], run: () => openDialog({ kind: 'read_all' }) },
  { id: 'sidebar', title: 'command.sidebar', group: 'view', keys: ['Mod+Shift+D'], run: () => deviceSettings.change({ sidebarHidden: !deviceSettings.get().sidebarHidden }) },
  { id: 'next_region', title: 'command.next_region', group: 'view', keys: ['F6', 'Ctrl+F6'], keysOnly: true, run: () => walkRegions(1) },
  { id: 'previous_region', title: 'command.previous_region', group: 'view', keys: ['Shift+F6'], keysOnly: true, run: () => walkRegions(-1) },
  { id: 'messages', title: 'command.messages', group: 'view', keys: ['Alt+F6'], keysOnly: true, run: () => focusMessages() },
  { id: 'theme_light', title: 'command.theme_light', group: 'view', run: () => deviceSettings.change({ theme: 'light' }) },
  { id: 'theme_dark', title: 'command.theme_dark', group: 'view', run: () => deviceSettings.change({ theme: 'dark' }) },
  { id: 'theme_system', title: 'command.theme_system', group: 'view', run: () => deviceSettings.change({ theme: 'system' }) },
  { id: 'density', title: 'command.density', group: 'view', run: () => deviceSettings.change({ density: deviceSettings.get().density === 'compact' ? 'comfortable' : 'compact' }) },
  { id: 'sheet', title: 'command.sheet', group: 'me', keys: ['Mod+/'], run: () => openDialog({ kind: 'sheet' }) },
  { id: 'preferences', title: 'command.preferences', group: 'me', keys: ['Mod+,'], run: () => go(paths.preferences('appearance')) },
  { id: 'status', title: 'command.status', group: 'me', keys: ['Mod+Shift+Y'], run: () => openDialog({ kind: 'status' }) },
  { id: 'devices', title: 'command.devices', group: 'me', run: () => go(paths.preferences('devices')) },
  { id: 'invite', title: 'command.invite', group: 'me', run: () => openDialog({ kind: 'invite_people' }) },
  { id: 'sign_out', title: 'command.sign_out', group: 'me', run: () => openDialog({ kind: 'sign_out' }) },
];

export const commandById = (id: string): Command => {
  const command = COMMANDS.find((one) => one.id === id);
  if (!command) throw new Error(`There is no command ${id}.`);
  return command;
};

/** The keys that work here. */
export const keysOf = (command: Command, desktop: boolean): readonly string[] => [...(command.keys ?? []), ...(desktop ? (command.desktop ?? []) : [])];

function step({ place }: CommandContext, by: 1 | -1, unreadOnly: boolean): boolean {
  const { rows } = sidebarOrder;
  const here = rows.findIndex((row) => row.id === place.channelId);
  for (let distance = 1; distance <= rows.length; distance++) {
    const at = (here === -1 && by === -1 ? rows.length : here) + by * distance;
    const row = rows[((at % rows.length) + rows.length) % rows.length];
    if (!row || row.id === place.channelId) continue;
    const badge = rowBadge(row);
    if (unreadOnly && !badge.bold && badge.number === 0) continue;
    go(paths.channel(row.workspaceId, row.id));
    return true;
  }
  return true;
}

function closeOrShowDetails(place: HerePlace): void {
  if (place.rootId !== null && place.channelId !== null) go(paths.channel(place.workspaceId, place.channelId, { messageId: place.messageId ?? undefined }));
  else showPanel(place.panel === null ? 'details' : null);
}

/** The field of the search, when it is on screen. */
function focusSearch(): boolean {
  const field = document.querySelector<HTMLInputElement>('[data-search-field]');
  if (!field || field.closest('[hidden]')) return false;
  field.focus();
  field.select();
  return true;
}

/** The second time is the browser's own search. */
function searchHere({ engine, place }: CommandContext): boolean {
  if (document.activeElement instanceof HTMLElement && document.activeElement.matches('[data-search-field]')) return false;
  const view = place.channelId === null ? null : engine.channel(place.channelId).get();
  if (!view) return false;
  const partner = view.channel.user_ids?.find((id) => id !== engine.accountId) ?? engine.accountId;
  const direct = view.channel.kind === 'dm' ? engine.user(partner).get() : null;
  go(paths.search(place.workspaceId, `in:${direct ? `@${direct.username}` : view.channel.name || view.id} `));
  return true;
}

function toggleMute(engine: Engine, channelId: string | null): void {
  const membership = channelId === null ? null : engine.channel(channelId).get()?.membership;
  if (membership && channelId !== null) void engine.setChannelLevel(channelId, { muted: !membership.muted });
}
