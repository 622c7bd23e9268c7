import { House, MessageSquareText, Search, UserRound } from 'lucide-react';
import { lazy, Suspense, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { Link } from 'wouter';
import { Dialogs, preloadDialogs } from '../features/dialogs/dialogs.tsx';
import { Sidebar } from '../features/sidebar/sidebar.tsx';
import { StateBar } from '../features/top-bar/state-pip.tsx';
import { TopBar } from '../features/top-bar/top-bar.tsx';
import { withWords } from '../i18n/catalogue.ts';
import { useText } from '../i18n/text.tsx';
import { deviceSettings } from '../platform/device-settings.ts';
import { whenIdle } from '../platform/when-idle.ts';
import { useDeviceSettings } from '../state/device.ts';
import { useChannel } from '../state/engine.tsx';
import { useChannelName } from '../state/people.ts';
import { usePlace } from '../state/place.tsx';
import { go, paths } from '../state/routes.ts';
import { openDialog, useScreen } from '../state/screen.ts';
import { loadKit } from '../ui/lazy-kit.ts';
import { Splitter } from '../ui/splitter.tsx';
import { Part } from './part.tsx';
import { focusMessages } from './regions.ts';
import { Rail } from './rail.tsx';
import { useCommandKeys } from './use-commands.ts';
import { useInnerWidth, useWidth } from './use-width.ts';
import styles from './app.module.css';

const loadDetails = () => withWords(import('../features/details/details-panel.tsx'));
const DetailsPanel = lazy(() => loadDetails().then((m) => ({ default: m.DetailsPanel })));
const loadThread = () => import('../features/thread/thread-panel.tsx');
const ThreadPanel = lazy(() => loadThread().then((m) => ({ default: m.ThreadPanel })));
const loadSearch = () => withWords(import('../features/search/search-panel.tsx'));
const SearchPanel = lazy(() => loadSearch().then((m) => ({ default: m.SearchPanel })));
const loadActivity = () => withWords(import('../scenes/activity/activity-panel.tsx'));
const ActivityPanel = lazy(() => loadActivity().then((m) => ({ default: m.ActivityPanel })));
const SIDE = { standard: 268, min: 200, max: 420 };
const PANEL = { standard: 392, min: 320, max: 640 };
const MAIN_MIN = 420;

/** The frame and the sheet: LAY-1 to LAY-5. */
export function Shell({ children }: { children: ReactNode }) {
  const t = useText();
  const place = usePlace();
  const width = useWidth();
  const inner = useInnerWidth();
  const settings = useDeviceSettings();
  const narrowPane = useScreen((screen) => screen.narrowPane);
  const sheet = useRef<HTMLDivElement>(null);
  const [drag, setDrag] = useState<{ side: number | null; panel: number | null }>({ side: null, panel: null });
  const panelOpen = place.scene === 'channel' && (place.rootId !== null || place.panel !== null) || place.search !== null;
  const side = drag.side ?? settings.sidebarWidth ?? SIDE.standard;
  const panel = drag.panel ?? settings.panelWidth ?? PANEL.standard;
  // On a narrow screen the list of channels is a page of its own: then it is what `main` holds.
  const home = width === 'narrow' && narrowPane === 'list';
  const sideShown = width === 'narrow' || !settings.sidebarHidden;
  const docked = width === 'wide' || (width === 'docked' && inner - (sideShown ? side : 0) - panel >= MAIN_MIN);
  useCommandKeys();
  useEffect(() => {
    return whenIdle(() => {
      preloadDialogs();
      loadKit().catch((error: unknown) => console.warn('Menus could not be fetched ahead.', error));
      void loadDetails();
      void loadThread();
      void loadSearch();
    });
  }, []);
  return (
    <div className={styles.frame} style={{ '--side-width': `${side}px`, '--panel-width': `${panel}px` }}>
      <a href="#main" className={styles.skip} onClick={(event) => { event.preventDefault(); if (!focusMessages()) document.querySelector<HTMLElement>('#main h1')?.focus(); }}>{t('shell.skip')}</a>
      <StateBar />
      <TopBar />
      <div className={styles.body}>
        <Rail />
        <div className={styles.sheet} ref={sheet} data-pane={narrowPane}>
          {sideShown && (
            <div className={styles.home} role={home ? 'main' : undefined}>
              {home && <h1 className="visually-hidden">{t('region.channels')}</h1>}
              <nav className={styles.side} data-region="4" aria-label={t('region.channels')}>
                <Part><Sidebar /></Part>
                {width !== 'narrow' && (
                  <Splitter
                    label={t('shell.sidebar_width')} value={side} {...SIDE} pane="before"
                    onChange={(next, done) => { if (done) { setDrag({ ...drag, side: null }); deviceSettings.change({ sidebarWidth: next }); } else setDrag({ ...drag, side: next }); }}
                    onCollapse={() => deviceSettings.change({ sidebarHidden: true })}
                  />
                )}
              </nav>
            </div>
          )}
          <div className={styles.main}><Part resetKey={`${place.scene}${place.channelId ?? ''}`}>{children}</Part></div>
          {panelOpen && (
            <RightPanel covering={!docked}>
              {docked && (
                <Splitter
                  label={t('shell.panel_width')} value={panel} {...PANEL} max={Math.max(PANEL.min, Math.min(PANEL.max, inner - (sideShown ? side : 0) - MAIN_MIN))} pane="after"
                  onChange={(next, done) => { if (done) { setDrag({ ...drag, panel: null }); deviceSettings.change({ panelWidth: next }); } else setDrag({ ...drag, panel: next }); }}
                />
              )}
            </RightPanel>
          )}
        </div>
      </div>
      {width === 'narrow' && <BottomBar />}
      <Dialogs />
    </div>
  );
}

function RightPanel({ covering, children }: { covering: boolean; children: ReactNode }) {
  const t = useText();
  const place = usePlace();
  const channelId = place.channelId ?? '';
  const name = useChannelName(useChannel(channelId));
  const { rootId, search } = place;
  const searching = rootId === null && search !== null;
  const listing = rootId === null && search === null && place.panel === 'activity';
  const back = () => go(search === null ? paths.channel(place.workspaceId, channelId, { panel: place.panel === 'activity' ? 'activity' : undefined }) : `${paths.channel(place.workspaceId, channelId)}?search=${encodeURIComponent(search)}`);
  return (
    <aside className={`${styles.panel} ${covering ? styles.cover : ''}`} data-region="8" aria-label={searching ? t('region.search') : listing ? t('sidebar.activity') : rootId === null ? t('channel.details_of', { channel: name }) : t('region.thread', { channel: name })}>
      {children}
      {search !== null && (
        // It stays behind a thread that was opened from it, with its results and its place.
        <div className={styles.search} hidden={!searching}><Part><Suspense fallback={null}><SearchPanel /></Suspense></Part></div>
      )}
      {search === null && place.panel === 'activity' && <div className={styles.search} hidden={!listing}><Part><Suspense fallback={null}><ActivityPanel /></Suspense></Part></div>}
      {!searching && !listing && (
        <Part resetKey={rootId ?? channelId}>
          <Suspense fallback={null}>
            {rootId === null ? <DetailsPanel channelId={channelId} /> : <ThreadPanel channelId={channelId} rootId={rootId} onClose={back} />}
          </Suspense>
        </Part>
      )}
    </aside>
  );
}

/** Below 640 px: one pane, and the ways between them. */
function BottomBar() {
  const t = useText();
  const place = usePlace();
  const pane = useScreen((screen) => screen.narrowPane);
  const icon = { size: 20, strokeWidth: 1.75, 'aria-hidden': true } as const;
  const here = useMemo(() => (pane === 'list' ? 'home' : place.scene), [pane, place.scene]);
  return (
    <nav className={styles.bottom} aria-label={t('shell.bottom')}>
      <button type="button" aria-current={here === 'home' ? 'page' : undefined} onClick={() => useScreen.setState({ narrowPane: 'list' })}><House {...icon} />{t('shell.home')}</button>
      <Link href={paths.scene(place.workspaceId, 'threads')} aria-current={here === 'threads' ? 'page' : undefined} onClick={() => useScreen.setState({ narrowPane: 'main' })}><MessageSquareText {...icon} />{t('sidebar.threads')}</Link>
      <button type="button" onClick={() => openDialog({ kind: 'switcher', start: '' })}><Search {...icon} />{t('shell.search')}</button>
      <Link href={paths.preferences('profile')} aria-current={here === 'preferences' ? 'page' : undefined} onClick={() => useScreen.setState({ narrowPane: 'main' })}><UserRound {...icon} />{t('shell.you')}</Link>
    </nav>
  );
}
