import { useEffect } from 'react';
import { useText } from '../i18n/text.tsx';
import { platform } from '../platform/platform.ts';
import { drawFavicon } from '../platform/favicon.ts';
import { useBadges } from '../state/badges.ts';
import { useDeviceSettings } from '../state/device.ts';
import { useChannel, useWorkspaces } from '../state/engine.tsx';
import { useChannelName } from '../state/people.ts';
import { usePlace } from '../state/place.tsx';

/** BDG-1: the title of the tab and its icon. */
export function TabTitle() {
  const t = useText();
  const place = usePlace();
  const workspace = useWorkspaces().find((one) => one.id === place.workspaceId)?.name ?? 'Parley';
  const channel = useChannelName(useChannel(place.channelId ?? 'none'));
  const scene = place.scene === 'threads' ? t('sidebar.threads') : place.scene === 'drafts' ? t('sidebar.drafts') : place.scene === 'browse' ? t('command.browse') : place.scene === 'groups' ? t('command.groups') : place.scene === 'preferences' ? t('command.preferences') : channel;
  const badges = useBadges();
  const { unreadDot } = useDeviceSettings();
  const number = badges.number;
  const dot = badges.dot && unreadDot;
  useEffect(() => {
    const mark = number > 0 ? `(${number > 99 ? '99+' : number}) ` : dot ? '• ' : '';
    document.title = `${mark}${scene === '' ? workspace : `${scene} · ${workspace}`}`;
    drawFavicon(number, dot);
    platform.bridge?.setBadge(number, dot);
  }, [number, dot, scene, workspace]);
  return null;
}
