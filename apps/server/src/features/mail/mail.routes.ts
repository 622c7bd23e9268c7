import { NOTIFY_KEYS } from '@parley/shared/domain/notify-preferences';
import * as calls from '@parley/shared/protocol/calls/mail';
import { ParleyError } from '@parley/shared/protocol/errors';
import { route, type Route } from '../../edge/route.ts';
import type { Deps } from '../../platform/deps.ts';
import { digest, sameDigest } from '../../platform/secrets.ts';
import { users } from '../../storage/tables.ts';
import { unsubscribeToken } from './digest-mail.ts';

/** What links in mails do, by a secret of their own. */
export const mailRoutes = (deps: Deps): Route[] => [
  route(calls.unsubscribeMail, async (_context, { token }) => {
    const userId = token.split('.')[0]!;
    if (!sameDigest(digest(token), digest(unsubscribeToken(deps.secret, userId))) || !(await deps.store.read((tx) => tx.get(users, [userId])))) throw new ParleyError('not_found', 'no link of ours');
    await deps.store.run('preferences.set', { user_id: userId, key: NOTIFY_KEYS.mailAfter, value: false });
    return undefined;
  }, { limits: ['guess'], idempotencyKey: false }),
];
