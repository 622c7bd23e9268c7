import type { Outcome } from '@parley/shared/sync/ports';
import type { MessageId } from '../i18n/catalogue.ts';
import type { Translate } from '../i18n/text.tsx';

const KNOWN: Record<string, MessageId> = {
  forbidden: 'problem.forbidden',
  not_found: 'problem.not_found',
  not_authenticated: 'problem.not_authenticated',
  too_large: 'problem.too_large',
  unavailable: 'problem.unavailable',
  storage_full: 'problem.storage_full',
  internal: 'problem.internal',
};

/** Why a call did not work, as a sentence that says what to do next; null when it did. */
export function explain(outcome: Outcome<unknown>, t: Translate): string | null {
  if (outcome.kind === 'ok') return null;
  if (outcome.kind === 'unreached') return t('problem.unreached');
  if (outcome.problem.code === 'rate_limited') return t('problem.rate_limited', { seconds: Math.max(1, Math.ceil((outcome.retryAfterMs ?? 1000) / 1000)) });
  const id = KNOWN[outcome.problem.code];
  if (id !== undefined) return t(id);
  return t('problem.other', { detail: outcome.problem.detail ?? outcome.problem.title });
}

/** Errors of single fields, by their path. */
export function fieldErrors(outcome: Outcome<unknown>): Record<string, string> {
  const errors: Record<string, string> = {};
  if (outcome.kind === 'problem') for (const error of outcome.problem.errors ?? []) errors[error.path] ??= error.message;
  return errors;
}
