import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import '../../../ui/global.css';
import { Announcer } from '../../../app/announcer.tsx';
import { loadCatalogue, type Language } from '../../../i18n/catalogue.ts';
import { makeIntl, TextProvider } from '../../../i18n/text.tsx';
import { EngineProvider } from '../../../state/engine.tsx';
import { PlaceProvider, usePlace } from '../../../state/place.tsx';
import { ToastRegion } from '../../../ui/toast.tsx';
import { TooltipLayer } from '../../../ui/tooltip.tsx';
import { Composer } from '../../composer/composer.tsx';
import { ChatProvider, DEFAULT_PREFERENCES, type Chat } from '../../message-text/chat-context.tsx';
import { ThreadPanel } from '../../thread/thread-panel.tsx';
import { MessageList } from '../message-list.tsx';
import { TypingLine } from '../typing-line.tsx';
import { CHANNEL, ME } from '../testing.ts';
import { FakeEngine, people, WORKSPACE } from './fake-engine.ts';
import './harness.css';

/** A page with the list, composer and thread over a made-up world; `window.harness` is how checks act on it. */
const query = new URLSearchParams(location.search);
const count = Number(query.get('count') ?? 10_000);
const held = query.get('held')?.split(',').map((part) => { const [from = '1', to = '1'] = part.split('-'); return { fromSeq: Number(from), toSeq: Number(to), current: true }; }) ?? [{ fromSeq: 1, toSeq: count, current: true }];
const engine = new FakeEngine({ count, held, readSeq: Number(query.get('read') ?? count) });
document.documentElement.dataset['theme'] = query.get('theme') ?? 'light';
const language = (query.get('language') ?? 'en') as Language;

const chat: Chat = {
  actor: { user_id: ME, server_role: 'member', workspace_role: 'member' },
  workspaceId: WORKSPACE, origin: location.origin, preferences: { ...DEFAULT_PREFERENCES, timeZone: 'UTC', density: query.get('density') === 'compact' ? 'compact' : 'comfortable' },
  go: (target) => { if (target.kind === 'channel') history.pushState(null, '', `/w/${WORKSPACE}/c/${target.channelId}${target.messageId ? `/m/${target.messageId}` : ''}${target.rootId ? `/t/${target.rootId}` : ''}${location.search}`); },
  server: { people: (q) => Promise.resolve(people.filter((p) => p.username.includes(q))), members: () => Promise.resolve(people.map((p) => p.id)) },
};
declare global { interface Window { harness: FakeEngine } }
window.harness = engine;
history.replaceState(null, '', `/w/${WORKSPACE}/c/${CHANNEL}${location.search}`);

function Page() {
  const place = usePlace();
  return (
    <div className="page">
      <main className="main" aria-label="general"><MessageList channelId={CHANNEL} /><section aria-label="Message composer"><Composer channelId={CHANNEL} /><TypingLine channelId={CHANNEL} /></section></main>
      {place.rootId !== null && <aside className="panel" aria-label="Thread in general"><ThreadPanel channelId={CHANNEL} rootId={place.rootId} onClose={() => history.pushState(null, '', `/w/${WORKSPACE}/c/${CHANNEL}${location.search}`)} /></aside>}
    </div>
  );
}

const messages = await loadCatalogue(language);
const root = document.getElementById('root');
if (!root) throw new Error('The page has no root.');
createRoot(root).render(
  <StrictMode>
    <TextProvider intl={makeIntl(language, messages, 'UTC')}>
      <>
        <EngineProvider engine={engine}>
          <PlaceProvider fallback={WORKSPACE}><ChatProvider chat={chat}><Page /></ChatProvider></PlaceProvider>
        </EngineProvider>
        <ToastRegion label="Messages" closeLabel="Close" />
        <TooltipLayer />
        <Announcer />
      </>
    </TextProvider>
  </StrictMode>,
);
