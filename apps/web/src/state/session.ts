import { create } from 'zustand';
import { getMe, getServer, type SignedIn } from '@parley/shared/protocol/calls/accounts';
import type { Engine } from '@parley/shared/sync/api';
import { rememberAccount, rememberedAccount, type Account } from './account.ts';
import { callServer } from './api.ts';
import { openEngine } from './engine-source.ts';
import { forgetSearches } from './recent-searches.ts';

/** What the whole page is about. */
export type Session =
  | { kind: 'starting' }
  /** Nothing is cached and the server does not answer. */
  | { kind: 'unreachable' }
  | { kind: 'set_up'; codeRequired: boolean }
  | { kind: 'sign_in' }
  | { kind: 'app'; account: Account; engine: Engine }
  | { kind: 'signed_out'; reason: 'revoked' | 'expired'; at: number; account: Account; unsent: boolean };

interface SessionStore {
  session: Session;
  /** The server's name, as `/server` gave it. */
  serverName: string | null;
  set(session: Session): void;
}

export const useSession = create<SessionStore>((set) => ({
  session: { kind: 'starting' },
  serverName: null,
  set: (session) => set({ session }),
}));

const show = (session: Session) => useSession.getState().set(session);

/** Decides what to show: the cache of the last account at once, else what the server says. Asked for by the page's first script, before anything is drawn. */
export async function startSession(): Promise<void> {
  const remembered = rememberedAccount();
  if (remembered !== null) {
    await enter(remembered, null);
    void refreshAccount();
    return;
  }
  const server = await callServer(getServer, {});
  if (server.kind !== 'ok') return show({ kind: 'unreachable' });
  useSession.setState({ serverName: server.value.name });
  if (!server.value.set_up) return show({ kind: 'set_up', codeRequired: server.value.set_up_code_required === true });
  const me = await callServer(getMe, {});
  if (me.kind === 'ok') return enter(accountOf(me.value), me.value.local_key ?? null);
  show(me.kind === 'problem' ? { kind: 'sign_in' } : { kind: 'unreachable' });
}

/** Opens the app for an account; `localKey` comes with every sign-in and is kept by the engine. */
export async function enter(account: Account, localKey: string | null): Promise<void> {
  rememberAccount(account);
  const engine = await openEngine(account, localKey);
  const follow = () => {
    const connection = engine.connection.get();
    if (connection.kind !== 'signed_out') return;
    end();
    void import('../features/notifier/push-subscription.ts').then((push) => push.forgetPush()).catch((error: unknown) => console.warn('This browser may still be told.', error));
    forgetSearches(engine.accountId);
    if (connection.reason === 'signed_out') {
      rememberAccount(null);
      show({ kind: 'sign_in' });
      return;
    }
    const unsent = engine.outbox.get().length > 0;
    rememberAccount(null);
    show({ kind: 'signed_out', reason: connection.reason, at: connection.at, account, unsent });
  };
  const end = engine.connection.subscribe(follow);
  await engine.start();
  // The engine hears of changes; how things stand at the start it must be told.
  if (!navigator.onLine) engine.setOnline(false);
  show({ kind: 'app', account, engine });
  follow();
}

/** After a sign-in, set-up or accepted invitation: asks who that is and opens the app. */
export async function enterAfterSignIn(signedIn: SignedIn): Promise<void> {
  const me = await callServer(getMe, {});
  const account: Account = me.kind === 'ok'
    ? accountOf(me.value)
    : { userId: signedIn.user.id, deviceId: signedIn.device_id, username: signedIn.user.username, displayName: signedIn.user.display_name, serverRole: 'member', roles: signedIn.workspace ? { [signedIn.workspace.id]: 'member' } : {}, lastPlace: null };
  await enter(account, signedIn.local_key);
}

type Me = Extract<Awaited<ReturnType<typeof callServer<typeof getMe>>>, { kind: 'ok' }>['value'];

function accountOf(me: Me): Account {
  return {
    userId: me.user.id, deviceId: me.device_id, username: me.user.username, displayName: me.user.display_name, serverRole: me.server_role,
    roles: Object.fromEntries(me.workspaces.map((entry) => [entry.workspace.id, entry.role])), lastPlace: null,
  };
}

/** Roles and names may have changed while away. */
async function refreshAccount(): Promise<void> {
  const me = await callServer(getMe, {});
  const { session } = useSession.getState();
  if (me.kind !== 'ok' || session.kind !== 'app' || me.value.user.id !== session.account.userId) return;
  const account = { ...accountOf(me.value), lastPlace: session.account.lastPlace };
  rememberAccount(account);
  show({ ...session, account });
}

/** Signs out here: the session ends on the server, and this device forgets everything. */
export async function signOutHere(engine: Engine): Promise<void> {
  await engine.signOut();
  forgetSearches(engine.accountId);
  rememberAccount(null);
  show({ kind: 'sign_in' });
}
