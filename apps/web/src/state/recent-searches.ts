import { readText, writeText } from '../platform/device-settings.ts';

const KEPT = 8;
const keyOf = (accountId: string): string => `parley.searches.${accountId}`;

/** What was searched for on this device, newest first. */
export function recentSearches(accountId: string): readonly string[] {
  try {
    const read: unknown = JSON.parse(readText(keyOf(accountId)) ?? '[]');
    return Array.isArray(read) ? read.filter((one): one is string => typeof one === 'string').slice(0, KEPT) : [];
  } catch {
    // A damaged entry is as good as none.
    return [];
  }
}

export function rememberSearch(accountId: string, query: string): readonly string[] {
  const next = [query, ...recentSearches(accountId).filter((one) => one !== query)].slice(0, KEPT);
  writeText(keyOf(accountId), JSON.stringify(next));
  return next;
}

export function forgetSearch(accountId: string, query: string): readonly string[] {
  const next = recentSearches(accountId).filter((one) => one !== query);
  writeText(keyOf(accountId), next.length === 0 ? null : JSON.stringify(next));
  return next;
}

/** With the session ends what was searched for. */
export const forgetSearches = (accountId: string): void => void writeText(keyOf(accountId), null);
