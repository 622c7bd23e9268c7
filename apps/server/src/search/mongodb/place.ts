import { BadPosition, type SearchSort } from '../port.ts';

/** Above every time there is. */
const TOP = (1n << 63n) - 1n;

/** Newest: everything below `below`. Relevance: hits below `below`, ranked, from the `skip`-th on. */
export const writePlace = (sort: SearchSort, below: bigint, skip: number): string => (sort === 'newest' ? `n.${below}` : `r.${below}.${skip}`);

/** @throws BadPosition */
export function readPlace(sort: SearchSort, text: string | undefined, top: bigint = TOP): { below: bigint; skip: number } {
  const most = top < TOP ? top : TOP;
  if (text === undefined) return { below: most, skip: 0 };
  const match = /^(?:n\.(\d{1,19})|r\.(\d{1,19})\.(\d{1,6}))$/.exec(text);
  const digits = sort === 'newest' ? match?.[1] : match?.[2];
  const below = digits === undefined ? TOP + 1n : BigInt(digits);
  if (below > TOP) throw new BadPosition(text);
  return { below: below < most ? below : most, skip: Number(match?.[3] ?? 0) };
}
