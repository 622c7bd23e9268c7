import { useEffect, useMemo, useRef, useState } from 'react';
import { useIntl } from 'react-intl';
import { parseMarkup } from '@parley/shared/domain/markup/parse';
import { markupText } from '@parley/shared/domain/markup/text';
import { getMessages } from '@parley/shared/protocol/calls/messages';
import { ACTIVE_MS } from '@parley/shared/domain/notify';
import { readNotifyPreferences } from '@parley/shared/domain/notify-preferences';
import { quietUntil } from '@parley/shared/domain/quiet-hours';
import type { User } from '@parley/shared/protocol/entities';
import type { Engine, Readable } from '@parley/shared/sync/api';
import { useText } from '../../i18n/text.tsx';
import { callServer } from '../../state/api.ts';
import { useConnection, useEngine, useInbox, usePreferences, usePresence, useWorkspaces } from '../../state/engine.tsx';
import { entrySaid } from '../../state/entry-said.ts';
import { combine, nameOf, partnersOf } from '../../state/people.ts';
import { usePlace } from '../../state/place.tsx';
import { useReadable } from '../../state/readable.ts';
import { useSession } from '../../state/session.ts';
import { go, paths } from '../../state/routes.ts';
import { Fronts, type FrontChannel } from './fronts.ts';
import { Notifier, type NotifierMeans, type NoteWords } from './notifier.ts';
import { keepPushed } from './push-subscription.ts';
import { PermissionCard } from './permission-card.tsx';
import { SystemNotes } from './system-notes.ts';

const NAME_WAIT_MS = 3_000;
const TELL_ACTIVE_MS = 30_000;

/** Notifies of what the decision function says, from one tab of the account at most, and asks for the permission. */
export function NotifierHost() {
  const engine = useEngine();
  const supported = typeof Notification !== 'undefined' && 'locks' in navigator && typeof BroadcastChannel !== 'undefined';
  useEffect(() => {
    const opened = (event: MessageEvent): void => {
      const data = event.data as { kind?: unknown; path?: unknown } | null;
      if (data?.kind !== 'open' || typeof data.path !== 'string' || !data.path.startsWith('/w/')) return;
      event.ports[0]?.postMessage('gone');
      go(data.path);
    };
    navigator.serviceWorker?.addEventListener('message', opened);
    return () => navigator.serviceWorker?.removeEventListener('message', opened);
  }, []);
  if (!supported) return null;
  return (
    <>
      <Running key={engine.accountId} />
      <PermissionCard />
    </>
  );
}

function Running() {
  const engine = useEngine();
  const place = usePlace();
  const words = useWords();
  const seen = useSeen();
  const fronts = useFronts(engine.accountId);
  const latest = useRef(seen);
  latest.current = seen;
  const t = useText();
  const actions = useRef({ reply: '', read: '' });
  actions.current = { reply: t('notify.reply'), read: t('notify.read') };
  const deviceId = useSession((state) => (state.session.kind === 'app' ? state.session.account.deviceId : ''));
  const saying = useRef(words);
  saying.current = words;
  const [notifier, setNotifier] = useState<Notifier | null>(null);
  useEffect(() => fronts?.set({ channelId: place.scene === 'channel' ? place.channelId : null, rootId: place.rootId }), [fronts, place]);
  useEffect(() => {
    if (fronts === null) return;
    // NTF-8: who holds the lock notifies; when that tab is gone the next one does.
    let release = (): void => {};
    const abort = new AbortController();
    const held = new Promise<void>((resolve) => { release = resolve; });
    const run = async (): Promise<void> => {
      const made = new Notifier(meansFor(engine, fronts, () => saying.current, actions.current, deviceId));
      await made.start();
      setNotifier(made);
      await held;
      made.stop();
    };
    navigator.locks.request(`parley-notify-${engine.accountId}`, { signal: abort.signal }, run).catch((error: unknown) => {
      if (!abort.signal.aborted) console.warn('This tab cannot notify.', error);
    });
    return () => {
      abort.abort();
      release();
      setNotifier(null);
    };
  }, [engine, fronts, deviceId]);
  useEffect(() => notifier?.update(latest.current), [notifier, seen]);
  usePushed(notifier !== null && seen.live);
  return null;
}

/** Keeps the browser's push in line with the permission, from the tab that notifies. */
function usePushed(on: boolean): void {
  const session = useSession((state) => state.session);
  const { locale } = useIntl();
  const account = session.kind === 'app' ? session.account : null;
  const [userId, deviceId] = [account?.userId, account?.deviceId];
  useEffect(() => {
    if (!on || userId === undefined || deviceId === undefined) return;
    let permission: PermissionStatus | undefined;
    const keep = (): void => void keepPushed({ userId, deviceId }, locale).catch((error: unknown) => console.warn('This browser cannot be told while no page is open.', error));
    keep();
    // Some browsers do not tell of changes; then the next page finds out.
    navigator.permissions?.query({ name: 'notifications' }).then((status) => {
      permission = status;
      status.addEventListener('change', keep);
    }, () => undefined);
    return () => permission?.removeEventListener('change', keep);
  }, [on, userId, deviceId, locale]);
}

/** All that the notifier decides from; a new value with each change. */
function useSeen() {
  const engine = useEngine();
  const connection = useConnection();
  const entries = useInbox();
  const workspaces = useWorkspaces();
  const chosen = usePreferences();
  const quiet = usePresence(engine.accountId) === 'dnd';
  const lists = useReadable(useMemo(() => combine(workspaces.map((workspace) => engine.channels(workspace.id))), [engine, workspaces]));
  const channels = useMemo(() => lists.flat(), [lists]);
  const live = connection.kind === 'live';
  return useMemo(() => ({ live, entries, channels, preferences: quiet && quietUntil(readNotifyPreferences(chosen).dnd, Date.now()) === null ? { ...chosen, dnd_until: FOREVER } : chosen }), [live, entries, channels, chosen, quiet]);
}

/** The presence says that it is on, and stops saying so when it ends. */
const FOREVER = '9999-12-31T00:00:00.000Z';

function useFronts(accountId: string): Fronts | null {
  const [fronts, setFronts] = useState<Fronts | null>(null);
  useEffect(() => {
    const channel = new BroadcastChannel(`parley-fronts-${accountId}`);
    const means: FrontChannel = {
      post: (message) => channel.postMessage(message),
      listen: (listener) => {
        const heard = (event: MessageEvent): void => listener(event.data as Parameters<typeof listener>[0]);
        channel.addEventListener('message', heard);
        return () => channel.removeEventListener('message', heard);
      },
    };
    const made = new Fronts(Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(16)).join(''), means);
    const abort = new AbortController();
    const { signal } = abort;
    let told = 0;
    const look = (): void => made.set({ inFront: document.visibilityState === 'visible' && document.hasFocus() });
    const act = (): void => {
      if (Date.now() - told < TELL_ACTIVE_MS) return;
      told = Date.now();
      made.set({ activeAt: told });
    };
    for (const type of ['focus', 'blur', 'pageshow']) window.addEventListener(type, look, { signal });
    document.addEventListener('visibilitychange', look, { signal });
    for (const type of ['pointerdown', 'pointermove', 'keydown', 'wheel']) window.addEventListener(type, act, { signal, passive: true });
    window.addEventListener('pagehide', () => made.leave(), { signal });
    act();
    look();
    setFronts(made);
    return () => {
      abort.abort();
      made.leave();
      channel.close();
      setFronts(null);
    };
  }, [accountId]);
  return fronts;
}

function meansFor(engine: Engine, fronts: Fronts, words: () => NoteWords, actions: { reply: string; read: string }, deviceId: string): NotifierMeans {
  const notes = new SystemNotes(engine.accountId, deviceId, actions, go);
  return {
    me: engine.accountId,
    now: () => Date.now(),
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    show: (note) => notes.show(note),
    close: (tag) => notes.close(tag),
    standing: () => notes.standing(),
    async message(channel_id, message_id) {
      const outcome = await callServer(getMessages, message_id === null ? { channel_id, view: 'timeline', page_size: 1 } : { channel_id, message_id, page_size: 1 });
      if (outcome.kind !== 'ok') return null;
      return (message_id === null ? outcome.value.messages.at(-1) : outcome.value.messages.find((message) => message.id === message_id)) ?? null;
    },
    device: (at) => fronts.device(at),
    // NTF-5: online though nobody is at this one, the person is at another.
    others: () => (engine.presence(engine.accountId).get() === 'online' && Date.now() - fronts.device({ channelId: '', rootId: null }).activeAt > ACTIVE_MS ? [{ here: false, activeAt: Date.now(), inFront: true, looking: false }] : []),
    words: { name: (view) => words().name(view), said: (...of) => words().said(...of), text: (message) => words().text(message), many: (...of) => words().many(...of), away: (...of) => words().away(...of), hidden: () => words().hidden() },
    pathOf: (view, at) => paths.channel(view?.workspaceId ?? '', at.channelId, at),
    draftsPath: (workspaceId) => paths.scene(workspaceId, 'drafts'),
    activityPath: (workspaceId) => paths.scene(workspaceId, 'activity'),
  };
}

function useWords(): NoteWords {
  const t = useText();
  const intl = useIntl();
  const engine = useEngine();
  return useMemo(() => {
    const person = async (id: string): Promise<User | null> => known(engine.user(id));
    const nameOfPerson = async (id: string): Promise<string> => (await person(id))?.display_name ?? t('person.unknown');
    return {
      async name(view) {
        if (view === null) return '';
        const people = await Promise.all((view.channel.name === '' ? partnersOf(view, engine.accountId) : []).map(person));
        return nameOf(view, engine.accountId, new Map(people.flatMap((one) => (one === null ? [] : [[one.id, one] as const]))), t);
      },
      async said(entry, ids, channel) {
        const who = intl.formatList(await Promise.all(ids.map(nameOfPerson)));
        if (entry === null) return t('notify.said_message', { who, channel });
        if (entry.kind === 'dm') return who;
        return entrySaid(entry, { who, channel }, t);
      },
      text: (message) => markupText(parseMarkup(message.content), { user: (id) => engine.user(id).get()?.display_name ?? null, channel: (id) => engine.channel(id).get()?.channel.name ?? null }).slice(0, 300),
      many: (n, channel) => t('notify.many', { n, channel }),
      away: (n, m) => t('notify.away', { n, m }),
      hidden: () => t('notify.hidden'),
    };
  }, [t, intl, engine]);
}

/** The value once it is there, or null when it does not come soon. */
function known<T>(readable: Readable<T | null>): Promise<T | null> {
  return new Promise((resolve) => {
    const end = (value: T | null): void => {
      clearTimeout(timer);
      stop();
      resolve(value);
    };
    const timer = setTimeout(() => end(readable.get()), NAME_WAIT_MS);
    const stop = readable.subscribe(() => { if (readable.get() !== null) end(readable.get()); });
    const now = readable.get();
    if (now !== null) end(now);
  });
}
