import { useEffect } from 'react';
import { useText } from '../i18n/text.tsx';
import { platform } from '../platform/platform.ts';
import { drawFavicon } from '../platform/favicon.ts';
import { totalBadge } from '../state/counts.ts';
import { useChannel, useChannels, useThreads, useWorkspaces } from '../state/engine.tsx';
import { useChannelName } from '../state/people.ts';
import { usePlace } from '../state/place.tsx';

/** BDG-1: the title of the tab and its icon. */
export function TabTitle() {
  const t = useText();
  const place = usePlace();
  const views = useChannels(place.workspaceId);
  const threads = useThreads().filter((thread) => thread.following && thread.unread > 0).length;
  const workspace = useWorkspaces().find((one) => one.id === place.workspaceId)?.name ?? 'Parley';
  const channel = useChannelName(useChannel(place.channelId ?? 'none'));
  const scene = place.scene === 'threads' ? t('sidebar.threads') : place.scene === 'drafts' ? t('sidebar.drafts') : place.scene === 'browse' ? t('command.browse') : place.scene === 'groups' ? t('command.groups') : place.scene === 'preferences' ? t('command.preferences') : channel;
  const { number, dot } = totalBadge(views, threads);
  useEffect(() => {
    const mark = number > 0 ? `(${number > 99 ? '99+' : number}) ` : dot ? '• ' : '';
    document.title = `${mark}${scene === '' ? workspace : `${scene} · ${workspace}`}`;
    drawFavicon(number, dot);
    platform.bridge?.setBadge(number, dot);
  }, [number, dot, scene, workspace]);
  return null;
}
