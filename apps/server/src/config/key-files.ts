import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ServiceAccount } from '../push/fcm/fcm.ts';

/** The service account in a file; null when there is none. */
export function serviceAccountAt(path: string): ServiceAccount | null {
  try {
    const account = ServiceAccount.parse(JSON.parse(readFileSync(path, 'utf8')));
    createPrivateKey(account.private_key);
    return account;
  } catch {
    // Whatever is wrong with it, the boot stops and names the variable.
    return null;
  }
}

/** The PEM of a P-256 key in a file; null when there is none. */
export function privateKeyAt(path: string): string | null {
  try {
    const pem = readFileSync(path, 'utf8');
    return createPrivateKey(pem).asymmetricKeyDetails?.namedCurve === 'prime256v1' ? pem : null;
  } catch {
    // As above.
    return null;
  }
}
