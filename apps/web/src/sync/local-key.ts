import { deleteDB, openDB } from 'idb';

const NAME = 'parley-keys';
const open = () => openDB(NAME, 1, { upgrade: (db) => void db.createObjectStore('keys') });

/** True where the browser encrypts: over HTTPS and on localhost. */
export const canEncrypt = (): boolean => typeof crypto !== 'undefined' && (crypto as Partial<Crypto>).subtle !== undefined;

/** 32 bytes in base64url, as every sign-in answers them, as a key that nothing can read back. */
export async function importLocalKey(localKey: string): Promise<CryptoKey> {
  const text = atob(localKey.replaceAll('-', '+').replaceAll('_', '/'));
  return crypto.subtle.importKey('raw', Uint8Array.from(text, (c) => c.charCodeAt(0)), 'AES-GCM', false, ['encrypt', 'decrypt']);
}

/** Keeps the key itself, not its bytes: structured cloning keeps it non-extractable. */
export async function rememberKey(accountId: string, key: CryptoKey): Promise<void> {
  const db = await open();
  await db.put('keys', key, accountId);
  db.close();
}

export async function rememberedKey(accountId: string): Promise<CryptoKey | null> {
  const db = await open();
  const key = (await db.get('keys', accountId)) as CryptoKey | undefined;
  db.close();
  return key ?? null;
}

/** After this, what was encrypted opens only with a new sign-in of the same account. */
export async function forgetKey(accountId: string): Promise<void> {
  const db = await open();
  await db.delete('keys', accountId);
  db.close();
}

export const forgetAllKeys = (): Promise<void> => deleteDB(NAME);
