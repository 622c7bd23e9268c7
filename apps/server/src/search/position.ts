import { BadPosition, type SearchSort } from './port.ts';

/** Newest: everything below `below`. Relevance: hits below `below`, ranked, from the `skip`-th on. */
export interface Position {
  below: number;
  skip: number;
}

export const writePosition = (sort: SearchSort, { below, skip }: Position): string => (sort === 'newest' ? `n.${below}` : `r.${below}.${skip}`);

/** @throws BadPosition */
export function readPosition(sort: SearchSort, text: string | undefined, top: number): Position {
  if (text === undefined) return { below: top, skip: 0 };
  const match = /^(?:n\.(\d{1,16})|r\.(\d{1,16})\.(\d{1,6}))$/.exec(text);
  const below = Number(sort === 'newest' ? match?.[1] : match?.[2]);
  if (!match || !Number.isSafeInteger(below)) throw new BadPosition(text);
  return { below: Math.min(below, top), skip: Number(match[3] ?? 0) };
}
