import type { Alternative, Term } from '@parley/shared/domain/search/terms';
import type { Trait } from '@parley/shared/domain/search/traits';

/** Scope tokens: a letter and a row's number, or a trait without its colon. */
export const channelToken = (num: number): string => `c${num}`;
export const authorToken = (num: number): string => `a${num}`;
export const traitToken = (trait: Trait): string => `t${trait.replace(':', '')}`;

const quoted = (tokens: readonly string[]): string => `"${tokens.join(' ').replaceAll('"', '')}"`;

/** The MATCH expression of a question; null when it asks for nothing that the table knows. */
export function matchExpression(terms: readonly Term[], scopes: readonly (readonly string[])[]): string | null {
  const clauses = [
    ...scopes.map((any) => `(${any.map((token) => `scope : ${quoted([token])}`).join(' OR ')})`),
    ...terms.map((term) => `(${term.map(alternative).join(' OR ')})`),
  ];
  return clauses.length > 0 ? clauses.join(' AND ') : null;
}

function alternative({ tokens, prefix }: Alternative): string {
  return `${tokens.length === 1 ? '{words more}' : 'words'} : ${quoted(tokens)}${prefix ? ' *' : ''}`;
}
