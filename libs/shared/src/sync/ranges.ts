/**
 * What a client holds of a channel (or of one thread in it), as stretches of seqs (SPEC RNG). Lists are ascending,
 * disjoint and hold no empty range.
 */
export interface SeqRange {
  fromSeq: number;
  toSeq: number;
  /** The least head_rev of the answers that filled it: every row is at least as new as at this rev. */
  validRev: number;
  /**
   * Changes in (validRev, missingTo] may be missing; what came after was applied. A range with missingTo ≤ validRev is
   * current and follows the cursor.
   */
  missingTo: number;
}

export const isCurrent = (range: SeqRange): boolean => range.missingTo <= range.validRev;

/** The range that an answer read at `headRev` fills, seen by a device whose cursor is `cursor`. */
export const filled = (fromSeq: number, toSeq: number, headRev: number, cursor: number): SeqRange => ({ fromSeq, toSeq, validRev: headRev, missingTo: headRev >= cursor ? 0 : cursor });

const better = (a: SeqRange, b: SeqRange): boolean => (isCurrent(a) !== isCurrent(b) ? isCurrent(a) : a.validRev >= b.validRev);

/** Adds a filled range; where it overlaps others, the one that is better known wins. */
export function addRange(ranges: readonly SeqRange[], added: SeqRange, cursor: number): SeqRange[] {
  if (added.fromSeq > added.toSeq) return [...ranges];
  const out: SeqRange[] = [];
  let rest: SeqRange[] = [added];
  for (const held of ranges) {
    if (held.toSeq < added.fromSeq || held.fromSeq > added.toSeq) { out.push(held); continue; }
    if (better(held, added)) {
      out.push(held);
      rest = rest.flatMap((r) => cut(r, held.fromSeq, held.toSeq));
    } else out.push(...cut(held, added.fromSeq, added.toSeq));
  }
  return merge([...out, ...rest].sort((a, b) => a.fromSeq - b.fromSeq), cursor);
}

/** What is left of a range without [from, to]. */
function cut(range: SeqRange, from: number, to: number): SeqRange[] {
  const parts: SeqRange[] = [];
  if (range.fromSeq < from) parts.push({ ...range, toSeq: Math.min(range.toSeq, from - 1) });
  if (range.toSeq > to) parts.push({ ...range, fromSeq: Math.max(range.fromSeq, to + 1) });
  return parts;
}

function merge(sorted: SeqRange[], cursor: number): SeqRange[] {
  const out: SeqRange[] = [];
  for (const range of sorted) {
    const last = out.at(-1);
    if (last && last.toSeq + 1 === range.fromSeq && mergeable(last, range)) {
      const validRev = isCurrent(last) ? Math.min(Math.max(last.validRev, cursor), Math.max(range.validRev, cursor)) : last.validRev;
      out[out.length - 1] = { ...last, toSeq: range.toSeq, validRev };
    } else out.push(range);
  }
  return out;
}

const mergeable = (a: SeqRange, b: SeqRange): boolean => (isCurrent(a) && isCurrent(b)) || (a.validRev === b.validRev && a.missingTo === b.missingTo);

/** On a gap: the cursor goes from `cursor` to `to` and what lies between was not seen. */
export const jump = (ranges: readonly SeqRange[], cursor: number, to: number): SeqRange[] =>
  ranges.map((r) => {
    const validRev = isCurrent(r) ? Math.max(r.validRev, cursor) : r.validRev;
    return { ...r, validRev, missingTo: Math.max(r.missingTo, to) };
  });

/** [fromSeq, toSeq] was asked again with changed_since and answered at `headRev`. */
export function confirm(ranges: readonly SeqRange[], fromSeq: number, toSeq: number, headRev: number, cursor: number): SeqRange[] {
  const out: SeqRange[] = [];
  for (const r of ranges) {
    const from = Math.max(r.fromSeq, fromSeq);
    const to = Math.min(r.toSeq, toSeq);
    if (from > to) { out.push(r); continue; }
    out.push(...cut(r, from, to), { ...r, fromSeq: from, toSeq: to, validRev: Math.max(r.validRev, headRev), missingTo: headRev >= r.missingTo ? 0 : r.missingTo });
  }
  return merge(out.sort((a, b) => a.fromSeq - b.fromSeq), cursor);
}

/** Drops everything below `fromSeq`. */
export const dropBelow = (ranges: readonly SeqRange[], fromSeq: number): SeqRange[] => ranges.filter((r) => r.toSeq >= fromSeq).map((r) => (r.fromSeq < fromSeq ? { ...r, fromSeq } : r));

export const rangeAt = (ranges: readonly SeqRange[], seq: number): SeqRange | undefined => ranges.find((r) => r.fromSeq <= seq && seq <= r.toSeq);

/** True when every seq of [from, to] is held and current. */
export function covers(ranges: readonly SeqRange[], from: number, to: number): boolean {
  let next = from;
  for (const r of ranges) {
    if (next > to) break;
    if (r.toSeq < next) continue;
    if (r.fromSeq > next || !isCurrent(r)) return false;
    next = r.toSeq + 1;
  }
  return next > to;
}
