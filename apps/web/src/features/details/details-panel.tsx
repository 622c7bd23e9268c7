import { Archive, LogOut, Pencil, UserPlus, X } from 'lucide-react';
import { useIntl } from 'react-intl';
import { unarchiveChannel, updateChannel } from '@parley/shared/protocol/calls/channels';
import type { ChannelView } from '@parley/shared/sync/api';
import { useText } from '../../i18n/text.tsx';
import { useChannel, useEngine, useUser } from '../../state/engine.tsx';
import { partnersOf, useChannelName } from '../../state/people.ts';
import { useMay } from '../../state/permission.ts';
import { usePlace } from '../../state/place.tsx';
import { showPanel } from '../../state/routes.ts';
import { openDialog } from '../../state/screen.ts';
import { useCall } from '../../state/use-call.ts';
import { Button } from '../../ui/button.tsx';
import { Select, Switch } from '../../ui/choice.tsx';
import { IconButton } from '../../ui/icon-button.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { ChannelFiles } from '../files/channel-files.tsx';
import { Profile } from '../people/profile.tsx';
import { Pins } from './pins.tsx';
import { MemberList } from './member-list.tsx';
import styles from './details.module.css';

/** DET-1: what a channel is, who is in it, how loud it is, and what one may do to it. */
export function DetailsPanel({ channelId }: { channelId: string }) {
  const t = useText();
  const view = useChannel(channelId);
  const name = useChannelName(view);
  const place = usePlace();
  if (view === null) return null;
  const direct = view.channel.kind === 'dm' || view.channel.kind === 'group_dm';
  const tab = place.tab === 'members' || place.tab === 'pins' || place.tab === 'files' || place.tab === 'settings' ? place.tab : 'about';
  const tabs = [
    { value: 'about' as const, label: t('details.about'), panel: <About view={view} /> },
    { value: 'members' as const, label: t('details.members', { n: view.channel.member_count }), panel: <Members view={view} /> },
    { value: 'pins' as const, label: t('details.pins'), panel: <Pins view={view} /> },
    { value: 'files' as const, label: t('details.files'), panel: <div className={styles.section}><ChannelFiles view={view} /></div> },
    ...(view.membership === null ? [] : [{ value: 'settings' as const, label: t('details.settings'), panel: <Settings view={view} /> }]),
  ];
  return (
    <div className={styles.panel}>
      <div className={styles.head}>
        <h2><bdi>{name}</bdi></h2>
        <IconButton label={t('details.close')} onClick={() => showPanel(null)}><X size={18} strokeWidth={1.75} aria-hidden="true" /></IconButton>
      </div>
      {view.channel.kind === 'dm' ? <Direct view={view} /> : <Tabs className={styles.tabs!} label={t('details.tabs')} value={tab} onChange={(next) => showPanel('details', next === 'about' ? undefined : next)} tabs={direct ? tabs.filter((one) => one.value !== 'settings') : tabs} />}
    </div>
  );
}

function Direct({ view }: { view: ChannelView }) {
  const t = useText();
  const engine = useEngine();
  return <div className={styles.tabs}><div className={styles.section}><Profile userId={partnersOf(view, engine.accountId)[0] ?? engine.accountId} workspaceId={view.workspaceId} /></div><Pins view={view} /><div className={styles.section}><h3>{t('details.files')}</h3><ChannelFiles view={view} /></div></div>;
}

function About({ view }: { view: ChannelView }) {
  const t = useText();
  const intl = useIntl();
  const may = useMay(view.workspaceId, view);
  const creator = useUser(view.channel.creator_id ?? view.id);
  const { channel } = view;
  const direct = channel.kind === 'group_dm';
  return (
    <div className={styles.section}>
      <dl className={styles.facts}>
        {!direct && <div className={styles.fact}><dt>{t('details.topic')}</dt><dd>{channel.topic || t('details.none')}</dd></div>}
        {!direct && <div className={styles.fact}><dt>{t('details.purpose')}</dt><dd>{channel.purpose || t('details.none')}</dd></div>}
        <div className={styles.fact}><dt>{t('details.created')}</dt><dd>{channel.creator_id && creator ? t('details.created_by', { date: intl.formatDate(channel.created_at, { dateStyle: 'long' }), name: creator.display_name }) : intl.formatDate(channel.created_at, { dateStyle: 'long' })}</dd></div>
        {!direct && <div className={styles.fact}><dt>{t('details.kind')}</dt><dd>{channel.kind === 'private' ? t('details.private') : t('details.public')}</dd></div>}
      </dl>
      {!direct && (
        <div className={styles.acts}>
          {may('channel.set_topic') && <Button icon={<Pencil size={16} aria-hidden="true" />} onClick={() => openDialog({ kind: 'edit_topic', channelId: view.id })}>{t('details.edit')}</Button>}
          {view.membership !== null && (channel.is_default ? <p className={styles.soft}>{t('details.default')}</p> : <Button icon={<LogOut size={16} aria-hidden="true" />} onClick={() => openDialog({ kind: 'leave_channel', channelId: view.id })}>{t('details.leave')}</Button>)}
        </div>
      )}
    </div>
  );
}

function Members({ view }: { view: ChannelView }) {
  const t = useText();
  const may = useMay(view.workspaceId, view);
  return (
    <div className={styles.section}>
      {may('channel.invite') && <Button icon={<UserPlus size={16} aria-hidden="true" />} onClick={() => openDialog({ kind: 'add_people', channelId: view.id })}>{t('command.add_people')}</Button>}
      <MemberList view={view} />
    </div>
  );
}

function Settings({ view }: { view: ChannelView }) {
  const t = useText();
  const engine = useEngine();
  const may = useMay(view.workspaceId, view);
  const update = useCall(updateChannel);
  const reopen = useCall(unarchiveChannel);
  const { membership, channel } = view;
  return (
    <div className={styles.section}>
      {membership !== null && (
        <>
          <Select label={t('channel.notify_about')} value={membership.level} options={(['default', 'all', 'mentions', 'nothing'] as const).map((value) => ({ value, label: t(`level.${value}`) }))} onChange={(level) => void engine.setChannelLevel(view.id, { level })} />
          <Switch label={t('channel.mute')} hint={t('channel.mute_hint')} checked={membership.muted} onChange={(muted) => void engine.setChannelLevel(view.id, { muted })} />
        </>
      )}
      {may('channel.set_posting') && (
        <Select label={t('details.posting')} value={channel.posting} options={(['everyone', 'moderators'] as const).map((value) => ({ value, label: t(`posting.${value}`) }))} onChange={(posting) => void update.run({ channel_id: view.id, posting })} />
      )}
      {(update.error ?? reopen.error) !== null && <p role="alert">{update.error ?? reopen.error}</p>}
      <div className={styles.acts}>
        {may('channel.rename') && <Button icon={<Pencil size={16} aria-hidden="true" />} onClick={() => openDialog({ kind: 'rename_channel', channelId: view.id })}>{t('details.rename')}</Button>}
        {may('channel.archive') && (channel.archived ? <Button busy={reopen.busy} icon={<Archive size={16} aria-hidden="true" />} onClick={() => void reopen.run({ channel_id: view.id })}>{t('channel.unarchive')}</Button> : <Button icon={<Archive size={16} aria-hidden="true" />} onClick={() => openDialog({ kind: 'archive_channel', channelId: view.id })}>{t('archive.submit')}</Button>)}
      </div>
    </div>
  );
}
