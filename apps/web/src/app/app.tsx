import { lazy, Suspense, useEffect, useState } from 'react';
import type { IntlShape } from 'react-intl';
import { useLocation } from 'wouter';
import { ENGLISH, loadCatalogue, regionalOf, systemLanguage, withEntryWords, type Language } from '../i18n/catalogue.ts';
import { makeIntl, TextProvider, useText } from '../i18n/text.tsx';
import { deviceSettings } from '../platform/device-settings.ts';
import { useDeviceSettings } from '../state/device.ts';
import { useSession } from '../state/session.ts';
import { Button } from '../ui/button.tsx';
import { MENU_PLACE_ID } from '../ui/menu.tsx';
import { ToastRegion } from '../ui/toast.tsx';
import { TooltipLayer } from '../ui/tooltip.tsx';
import { Announcer } from './announcer.tsx';
import { Part } from './part.tsx';
import { SignedIn } from './signed-in.tsx';

const entry = {
  setUp: lazy(() => withEntryWords(import('../scenes/entry/set-up-scene.tsx')).then((m) => ({ default: m.SetUpScene }))),
  signIn: lazy(() => withEntryWords(import('../scenes/entry/sign-in-scene.tsx')).then((m) => ({ default: m.SignInScene }))),
  invite: lazy(() => withEntryWords(import('../scenes/entry/invite-scene.tsx')).then((m) => ({ default: m.InviteScene }))),
  unsubscribe: lazy(() => withEntryWords(import('../scenes/entry/unsubscribe-scene.tsx')).then((m) => ({ default: m.UnsubscribeScene }))),
  signedOut: lazy(() => withEntryWords(import('../scenes/entry/signed-out-scene.tsx')).then((m) => ({ default: m.SignedOutScene }))),
  unreachable: lazy(() => withEntryWords(import('../scenes/entry/unreachable-scene.tsx')).then((m) => ({ default: m.UnreachableScene }))),
};

const first: Language = systemLanguage(navigator.languages);
const wantedNow = (language: ReturnType<typeof useDeviceSettings>['language']): Language => (language === 'system' ? first : language);
// Asked for before anything is drawn; who shows them tells of a failure.
loadCatalogue(wantedNow(deviceSettings.get().language)).catch(() => undefined);
const english = makeIntl('en', ENGLISH, undefined, regionalOf('en', navigator.languages));

/** Everything: words, tips, toasts, the announcer, and whichever page is due. */
export function App() {
  const { language } = useDeviceSettings();
  const wanted = wantedNow(language);
  const [intl, setIntl] = useState<IntlShape | null>(wanted === 'en' ? english : null);
  useEffect(() => {
    let current = true;
    document.documentElement.lang = wanted;
    const inEnglish = () => loadCatalogue('en').then(() => { if (current) setIntl(english); }, (error: unknown) => console.warn('Words could not be fetched.', error));
    if (wanted === 'en') void inEnglish();
    else loadCatalogue(wanted).then((messages) => { if (current) setIntl(makeIntl(wanted, messages, undefined, regionalOf(wanted, navigator.languages))); }, inEnglish);
    return () => {
      current = false;
    };
  }, [wanted]);
  if (intl === null) return null;
  return (
    <TextProvider intl={intl}>
      <Part><Page /></Part>
      <Frame />
      <TooltipLayer />
    </TextProvider>
  );
}

function Frame() {
  const t = useText();
  return (
    <>
      <ToastRegion label={t('region.toasts')} closeLabel={t('app.close')} />
      <Announcer />
      <section id={MENU_PLACE_ID} aria-label={t('region.menus')} />
    </>
  );
}

function Page() {
  const session = useSession((state) => state.session);
  const [path] = useLocation();
  const invite = /^\/invite\/([^/]+)\/?$/.exec(path)?.[1];
  const unsubscribe = /^\/unsubscribe\/([^/]+)\/?$/.exec(path)?.[1];
  const view = () => {
    if (unsubscribe !== undefined) return <entry.unsubscribe token={decodeURIComponent(unsubscribe)} />;
    if (invite !== undefined && session.kind !== 'set_up' && session.kind !== 'starting') return <entry.invite token={decodeURIComponent(invite)} />;
    switch (session.kind) {
      case 'starting': return <Starting />;
      case 'unreachable': return <entry.unreachable />;
      case 'set_up': return <entry.setUp codeRequired={session.codeRequired} />;
      case 'sign_in': return <entry.signIn />;
      case 'signed_out': return <entry.signedOut session={session} />;
      case 'app': return <SignedIn session={session} />;
    }
  };
  return <Suspense fallback={null}>{view()}</Suspense>;
}

/** Only seen when neither a cache nor the server has answered for a second. */
function Starting() {
  const t = useText();
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 1_000);
    return () => clearTimeout(timer);
  }, []);
  return late ? <main style={{ padding: '2rem', color: 'var(--on-rail)' }}><p role="status">{t('app.starting')}</p><Button onClick={() => location.reload()}>{t('app.try_again')}</Button></main> : null;
}
