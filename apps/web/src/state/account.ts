import { readText, writeText } from '../platform/device-settings.ts';

/** Who is signed in here: enough to open the cache with no network. No secret is in it. */
export interface Account {
  userId: string;
  deviceId: string;
  username: string;
  displayName: string;
  serverRole: 'owner' | 'admin' | 'member';
  /** One's role in each workspace, by id. */
  roles: Readonly<Record<string, 'owner' | 'admin' | 'member' | 'guest'>>;
  /** The store that the cache was filled from. */
  lastPlace: string | null;
}

const KEY = 'parley.account';

export function rememberedAccount(): Account | null {
  const text = readText(KEY);
  if (text === null) return null;
  try {
    const account = JSON.parse(text) as Partial<Account>;
    return typeof account.userId === 'string' && typeof account.deviceId === 'string' ? { username: '', displayName: '', serverRole: 'member', roles: {}, lastPlace: null, ...account, userId: account.userId, deviceId: account.deviceId } : null;
  } catch {
    // A damaged entry only costs a sign-in.
    return null;
  }
}

export const rememberAccount = (account: Account | null): void => {
  writeText(KEY, account === null ? null : JSON.stringify(account));
};
