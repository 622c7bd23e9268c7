import type { Engine } from '@parley/shared/sync/api';
import { openEngine as open, removeAccount } from '../sync/open-engine.ts';
import type { Account } from './account.ts';

/** The engine of an account in this browser; `localKey` is given right after a sign-in. */
export const openEngine = (account: Account, localKey: string | null): Promise<Engine> => open({ accountId: account.userId, deviceId: account.deviceId, localKey });

/** OFF-10: the person does not want the unsent text kept. */
export const forgetUnsent = (userId: string): Promise<void> => removeAccount(userId);
