import { microsToIso } from '@parley/shared/domain/timestamp';
import { uuidv7 } from '@parley/shared/domain/ids';
import type { SignedIn } from '@parley/shared/protocol/calls/accounts';
import type { Workspace } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import type { Context } from '../../edge/route.ts';
import { SESSION_SECONDS } from '../../edge/session.ts';
import type { Caller } from '../../edge/route.ts';
import type { Deps } from '../../platform/deps.ts';
import { digest, formatToken, randomText } from '../../platform/secrets.ts';
import { claims, users, type UserRow } from '../../storage/tables.ts';
import { emailClaim, usernameClaim } from './account-rows.ts';
import { presentSelf } from './account.presenter.ts';
import type { NewSession } from './session-rows.ts';

export interface DeviceInput {
  device_name?: string;
  platform?: string;
  device_id?: string;
}

/** A session to open, and the secret that only the answer holds. */
export function newSession(deps: Deps, context: Context<Caller | null>, device: DeviceInput): { session: NewSession; secret: string } {
  const secret = randomText(deps.random);
  return {
    secret,
    session: {
      wanted_device_id: device.device_id ?? null, device_id: uuidv7(deps.clock, deps.random), secret_hash: digest(secret),
      name: device.device_name ?? describeAgent(context.user_agent), platform: device.platform ?? (context.same_origin ? 'web' : 'api'),
      address: context.address, language: context.language, lasts_us: SESSION_SECONDS * 1_000_000,
    },
  };
}

/** The answer to every way of signing in: a browser on our own pages gets the cookie, everybody else the token. */
export function signedIn(deps: Deps, context: Context<Caller | null>, user: UserRow, opened: { device_id: string; expires_at: number }, secret: string, workspace?: Workspace): SignedIn {
  const token = formatToken({ user_id: user.id, device_id: opened.device_id, secret });
  if (context.same_origin) context.cookie(token);
  return {
    token: context.same_origin ? null : token, device_id: opened.device_id, local_key: user.local_key,
    user: presentSelf(user, deps.clock.now()), expires_at: microsToIso(opened.expires_at), ...(workspace ? { workspace } : {}),
  };
}

/** The account that a login and password belong to. As slow for an unknown login as for a wrong password. @throws ParleyError `not_authenticated` */
export async function checkPassword(deps: Deps, login: string, password: string): Promise<UserRow> {
  const user = await deps.store.read(async (tx) => {
    const name = login.trim().toLowerCase();
    const owner = await tx.get(claims, [name.includes('@') ? emailClaim(name) : usernameClaim(name)]);
    return owner && tx.get(users, [owner.owner_id]);
  });
  const right = await deps.passwords.verify(user?.password_hash ?? null, password);
  if (!right || !user || user.doc.deactivated) throw new ParleyError('not_authenticated', 'wrong login or password');
  return user;
}

const BROWSERS = [['Edg/', 'Edge'], ['Firefox/', 'Firefox'], ['Chrome/', 'Chrome'], ['Safari/', 'Safari']] as const;
const SYSTEMS = [['Windows', 'Windows'], ['Android', 'Android'], ['iPhone', 'iPhone'], ['iPad', 'iPad'], ['Mac OS', 'macOS'], ['Linux', 'Linux']] as const;

/** "Firefox on Linux", for the list of one's devices. */
export function describeAgent(agent: string): string {
  const browser = BROWSERS.find(([mark]) => agent.includes(mark))?.[1];
  const system = SYSTEMS.find(([mark]) => agent.includes(mark))?.[1];
  if (browser) return system ? `${browser} on ${system}` : browser;
  return agent.slice(0, 60) || 'Unknown device';
}
