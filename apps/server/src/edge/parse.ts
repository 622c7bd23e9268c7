import * as z from 'zod/mini';
import { ParleyError } from '@parley/shared/protocol/errors';

z.config(z.locales.en());

/** More wrong places than these are not listed. */
const MAX_ERRORS = 100;

/** Parses input by a call's schema. @throws ParleyError `invalid_request` with every wrong path. */
export function parseInput<S extends z.ZodMiniType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw invalid(listIssues(result.error.issues));
}

export function invalid(errors: { path: string; message: string }[]): ParleyError {
  const first = errors[0];
  return new ParleyError('invalid_request', first ? `${first.path || 'request'}: ${first.message}` : undefined, { errors });
}

/** One wrong field, found by a rule that no schema holds. */
export const invalidField = (path: string, message: string): ParleyError => invalid([{ path, message }]);

type Issue = z.core.$ZodIssue;

function listIssues(issues: readonly Issue[]): { path: string; message: string }[] {
  const errors: { path: string; message: string }[] = [];
  const add = (path: readonly PropertyKey[], message: string) => {
    if (errors.length < MAX_ERRORS) errors.push({ path: path.map((p) => String(p).slice(0, 100)).join('.'), message: message.slice(0, 300) });
  };
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys') for (const key of issue.keys) add([...issue.path, key], 'unknown field');
    else if (issue.code === 'invalid_key' && issue.issues[0]) add(issue.path, issue.issues[0].message);
    else add(issue.path, issue.message);
  }
  return errors;
}
