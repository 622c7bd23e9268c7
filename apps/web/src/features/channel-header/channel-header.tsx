import { ArrowLeft, Bell, BellOff, Hash, Info, Lock, Users } from 'lucide-react';
import type { ChannelView } from '@parley/shared/sync/api';
import { commandById } from '../../app/commands.ts';
import { showKeys } from '../../app/keys.ts';
import { useText } from '../../i18n/text.tsx';
import { platform } from '../../platform/platform.ts';
import { useEngine, usePresence, useUser } from '../../state/engine.tsx';
import { partnersOf, useChannelName } from '../../state/people.ts';
import { useMay } from '../../state/permission.ts';
import { usePlace } from '../../state/place.tsx';
import { showPanel } from '../../state/routes.ts';
import { openDialog, useScreen } from '../../state/screen.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { IconButton } from '../../ui/icon-button.tsx';
import { Menu, MenuCheck, MenuChoice, MenuLine, MenuTitle } from '../../ui/menu.tsx';
import { PresenceMark } from '../../ui/presence.tsx';
import styles from './channel-header.module.css';

const icon = { size: 18, strokeWidth: 1.75, 'aria-hidden': true } as const;

/** CHN-1: what one looks at, its topic, its people, how loud it is. */
export function ChannelHeader({ view }: { view: ChannelView }) {
  const t = useText();
  const place = usePlace();
  const may = useMay(view.workspaceId, view);
  const direct = view.channel.kind === 'dm' || view.channel.kind === 'group_dm';
  const open = place.panel === 'details' && place.rootId === null;
  return (
    <header className={styles.header} data-region="5">
      <IconButton label={t('topbar.back')} className={styles.back!} onClick={() => useScreen.setState({ narrowPane: 'list' })}><ArrowLeft {...icon} /></IconButton>
      <HeaderName view={view} onOpen={() => showPanel(open ? null : 'details')} />
      {direct ? <DirectState view={view} /> : may('channel.set_topic') ? (
        <button type="button" className={styles.topic} title={view.channel.topic} onClick={() => openDialog({ kind: 'edit_topic', channelId: view.id })}>
          {view.channel.topic !== '' ? <bdi>{view.channel.topic}</bdi> : t('channel.add_topic')}
        </button>
      ) : <p className={styles.topic} title={view.channel.topic}><bdi>{view.channel.topic}</bdi></p>}
      {direct && <span className={styles.space} />}
      {!direct && (
        <button type="button" className={styles.members} aria-label={t('channel.members', { n: view.channel.member_count })} onClick={() => showPanel('details', 'members')}>
          <Users size={16} strokeWidth={1.75} aria-hidden="true" />{view.channel.member_count}
        </button>
      )}
      {view.membership !== null && <LevelMenu view={view} />}
      <IconButton label={t('command.details')} keys={showKeys(commandById('details').keys![0]!, platform.isMac)} aria-pressed={open} onClick={() => showPanel(open ? null : 'details')}><Info {...icon} /></IconButton>
    </header>
  );
}

function HeaderName({ view, onOpen }: { view: ChannelView; onOpen(): void }) {
  const t = useText();
  const name = useChannelName(view);
  const engine = useEngine();
  const partners = partnersOf(view, engine.accountId);
  const { kind } = view.channel;
  return (
    <button type="button" className={styles.name} aria-label={t('channel.details_of', { channel: name })} onClick={onOpen}>
      {kind === 'public' ? <Hash {...icon} /> : kind === 'private' ? <Lock {...icon} /> : <Avatar id={partners[0] ?? view.id} name={name} size={1.5} />}
      <h1><bdi>{name}</bdi></h1>
    </button>
  );
}

/** DM-1: the partner's presence and status. */
function DirectState({ view }: { view: ChannelView }) {
  const t = useText();
  const engine = useEngine();
  const partner = partnersOf(view, engine.accountId)[0] ?? engine.accountId;
  const user = useUser(partner);
  const presence = usePresence(partner);
  if (view.channel.kind === 'group_dm') return null;
  return (
    <>
      <PresenceMark state={presence} label={t(`presence.${presence}`)} />
      {user?.status && <span className={styles.status}>{user.status.emoji} {user.status.text}</span>}
    </>
  );
}

function LevelMenu({ view }: { view: ChannelView }) {
  const t = useText();
  const engine = useEngine();
  const membership = view.membership;
  if (membership === null) return null;
  return (
    <Menu align="end" trigger={<IconButton label={membership.muted ? t('channel.notifications_muted') : t('channel.notifications')}>{membership.muted ? <BellOff {...icon} /> : <Bell {...icon} />}</IconButton>}>
      <MenuTitle>{t('channel.notify_about')}</MenuTitle>
      <MenuChoice
        value={membership.level}
        options={(['default', 'all', 'mentions', 'nothing'] as const).map((value) => ({ value, label: t(`level.${value}`) }))}
        onChange={(level) => void engine.setChannelLevel(view.id, { level })}
      />
      <MenuLine />
      <MenuCheck checked={membership.muted} onChange={(muted) => void engine.setChannelLevel(view.id, { muted })}>{t('channel.mute')}</MenuCheck>
    </Menu>
  );
}
