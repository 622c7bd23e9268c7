import { lazy, Suspense, useEffect, useMemo, useState, type ReactNode } from 'react';
import { useIntl } from 'react-intl';
import { getMembers } from '@parley/shared/protocol/calls/channels';
import { getUsers } from '@parley/shared/protocol/calls/accounts';
import { ChatProvider, DEFAULT_PREFERENCES, type Chat } from '../features/message-text/chat-context.tsx';
import { withWords } from '../i18n/catalogue.ts';
import { useText } from '../i18n/text.tsx';
import { readText } from '../platform/device-settings.ts';
import { whenIdle } from '../platform/when-idle.ts';
import { followUpdates } from '../platform/updates.ts';
import { ChannelScene } from '../scenes/channel/channel-scene.tsx';
import { rememberAccount } from '../state/account.ts';
import { callServer } from '../state/api.ts';
import { useDeviceSettings } from '../state/device.ts';
import { EngineProvider, useChannels, useEngine, usePreferences, useWorkspaces } from '../state/engine.tsx';
import { useActor } from '../state/permission.ts';
import { chosenPreferences } from '../features/message-text/synced-preferences.ts';
import { PlaceProvider, usePlace } from '../state/place.tsx';
import { go, paths } from '../state/routes.ts';
import { openDialog, useScreen } from '../state/screen.ts';
import { useSession, type Session } from '../state/session.ts';
import { EmptyState } from '../ui/empty-state.tsx';
import { ErrorBoundary } from '../ui/error-boundary.tsx';
import { leaveLastKeys, takeLastKeys } from './draft-rescue.ts';
import { Shell } from './shell.tsx';
import { TabTitle } from './tab-title.tsx';

const BrowseScene = lazy(() => withWords(import('../scenes/browse/browse-scene.tsx')).then((m) => ({ default: m.BrowseScene })));
const ActivityScene = lazy(() => withWords(import('../scenes/activity/activity-scene.tsx')).then((m) => ({ default: m.ActivityScene })));
const ThreadsScene = lazy(() => withWords(import('../scenes/threads/threads-scene.tsx')).then((m) => ({ default: m.ThreadsScene })));
const DraftsScene = lazy(() => withWords(import('../scenes/drafts/drafts-scene.tsx')).then((m) => ({ default: m.DraftsScene })));
const LaterScene = lazy(() => withWords(import('../scenes/later/later-scene.tsx')).then((m) => ({ default: m.LaterScene })));
const GroupsScene = lazy(() => withWords(import('../scenes/groups/groups-scene.tsx')).then((m) => ({ default: m.GroupsScene })));
const PreferencesScene = lazy(() => withWords(import('../scenes/preferences/preferences-scene.tsx')).then((m) => ({ default: m.PreferencesScene })));
const NotifierHost = lazy(() => withWords(import('../features/notifier/notifier-host.tsx')).then((m) => ({ default: m.NotifierHost })));

/** The app of one account. */
export function SignedIn({ session }: { session: Extract<Session, { kind: 'app' }> }) {
  // Once, before the composers read their drafts.
  useState(() => takeLastKeys(session.engine));
  return (
    <EngineProvider engine={session.engine}>
      <InWorkspace session={session} />
    </EngineProvider>
  );
}

function InWorkspace({ session }: { session: Extract<Session, { kind: 'app' }> }) {
  const workspaces = useWorkspaces();
  const { engine, account } = session;
  const last = /^\/w\/([\w-]+)/.exec(account.lastPlace ?? '')?.[1];
  const fallback = (last !== undefined && (workspaces.length === 0 || workspaces.some((workspace) => workspace.id === last)) ? last : undefined) ?? workspaces[0]?.id ?? Object.keys(account.roles)[0] ?? 'none';
  useEffect(() => {
    if (readText('parley.import') !== null) void import('../features/history/import-job.ts').then((job) => job.resumeImport());
    followUpdates({ ready: () => useScreen.setState({ updateReady: true }), idle: () => engine.outbox.get().length === 0 });
    const leaving = () => {
      leaveLastKeys(engine);
      void engine.flushDrafts().catch((error: unknown) => console.warn('Drafts were not written at leaving.', error));
    };
    window.addEventListener('pagehide', leaving);
    return () => window.removeEventListener('pagehide', leaving);
  }, [engine]);
  return (
    <PlaceProvider fallback={fallback}>
      <InChat>
        <TabTitle />
        <RememberPlace />
        <Notifications />
        <Shell><Suspense fallback={null}><Scene /></Suspense></Shell>
      </InChat>
    </PlaceProvider>
  );
}

/** What the message list and the composer need of the world around them. */
function InChat({ children }: { children: ReactNode }) {
  const { workspaceId } = usePlace();
  const engine = useEngine();
  const settings = useDeviceSettings();
  const actor = useActor(workspaceId);
  const chosen = usePreferences();
  const chat = useMemo<Chat>(
    () => ({
      actor,
      workspaceId,
      origin: window.location.origin,
      preferences: { ...DEFAULT_PREFERENCES, ...chosenPreferences(chosen), density: settings.density, singleKeys: settings.singleLetterKeys },
      go(target) {
        if (target.kind === 'profile') openDialog({ kind: 'person', userId: target.userId });
        else if (target.kind === 'group') openDialog({ kind: 'group', groupId: target.groupId });
        else go(paths.channel(target.workspaceId ?? engine.channel(target.channelId).get()?.workspaceId ?? workspaceId, target.channelId, { messageId: target.messageId, rootId: target.rootId }));
      },
      server: {
        async people(query) {
          const outcome = await callServer(getUsers, { workspace_id: workspaceId, query: query.slice(0, 100), page_size: 20 });
          return outcome.kind === 'ok' ? outcome.value.items : [];
        },
        async members(channelId) {
          const outcome = await callServer(getMembers, { channel_id: channelId, page_size: 200 });
          return outcome.kind === 'ok' ? outcome.value.items.map((member) => member.user_id) : [];
        },
      },
    }),
    [actor, workspaceId, engine, chosen, settings.density, settings.singleLetterKeys],
  );
  return <ChatProvider chat={chat}>{children}</ChatProvider>;
}

/** NTF-8: fetched when the page has nothing more urgent to do. */
function Notifications() {
  const [due, setDue] = useState(false);
  useEffect(() => whenIdle(() => setDue(true)), []);
  return due ? <ErrorBoundary fallback={() => null}><Suspense fallback={null}><NotifierHost /></Suspense></ErrorBoundary> : null;
}

/** LAY-8: reload and the next start return to the same place. */
function RememberPlace() {
  const place = usePlace();
  const session = useSession((state) => state.session);
  useEffect(() => {
    if (place.scene !== 'channel' || place.channelId === null || session.kind !== 'app') return;
    const lastPlace = paths.channel(place.workspaceId, place.channelId);
    if (session.account.lastPlace === lastPlace) return;
    const account = { ...session.account, lastPlace };
    rememberAccount(account);
    useSession.setState({ session: { ...session, account } });
  }, [place, session]);
  return null;
}

function Scene() {
  const t = useText();
  const place = usePlace();
  const home = useHomeChannel();
  // While one searches, the conversation that one was in stays.
  const channelId = place.scene === 'search' ? (home?.id ?? null) : (place.channelId ?? '');
  switch (place.scene) {
    case 'channel': case 'search': return channelId === null ? <Loading /> : <ChannelScene channelId={channelId} />;
    case 'browse': return <BrowseScene />;
    case 'groups': return <GroupsScene />;
    case 'activity': return <ActivityScene />;
    case 'threads': return <ThreadsScene />;
    case 'drafts': return <DraftsScene />;
    case 'later': return <LaterScene />;
    case 'preferences': return <PreferencesScene />;
    case 'home': return <Home />;
    case 'unknown': return <main id="main"><EmptyState><h1>{t('app.not_found')}</h1></EmptyState></main>;
  }
}

/** Where one was last in this workspace, else its default channel. */
function useHomeChannel() {
  const place = usePlace();
  const session = useSession((state) => state.session);
  const { locale } = useIntl();
  const views = useChannels(place.workspaceId);
  const last = session.kind === 'app' ? session.account.lastPlace : null;
  return useMemo(() => {
    const inLast = views.find((view) => last !== null && last === paths.channel(view.workspaceId, view.id));
    const rooms = views.filter((view) => view.channel.name !== '').sort((a, b) => a.channel.name.localeCompare(b.channel.name, locale));
    return inLast ?? views.find((view) => view.channel.is_default) ?? rooms.find((view) => view.channel.name === 'general') ?? rooms[0] ?? null;
  }, [views, last, locale]);
}

function Home() {
  const target = useHomeChannel();
  useEffect(() => {
    if (target !== null) go(paths.channel(target.workspaceId, target.id), { replace: true });
  }, [target]);
  return <Loading />;
}

function Loading() {
  const t = useText();
  return <main id="main" aria-label={t('app.loading')} aria-busy="true" />;
}
