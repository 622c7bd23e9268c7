import type { Term } from '@parley/shared/domain/search/terms';
import type { Trait } from '@parley/shared/domain/search/traits';

/** A channel as the index knows it. */
export interface IndexedChannel {
  channel_id: string;
  workspace_id: string;
  /** True for public channels: a hint that saves looking at hits nobody may see, never a permission. */
  public: boolean;
}

/** A message as it is found. `deleted` ones leave the index. */
export interface IndexedMessage {
  seq: number;
  rev: number;
  author_id: string;
  /** Microseconds. */
  created_us: number;
  content: string;
  files: { name: string }[];
  traits: Trait[];
  deleted: boolean;
}

export type SearchSort = 'newest' | 'relevance';

export interface IndexQuestion {
  workspace_id: string;
  terms: readonly Term[];
  /** Only in these; absent: everywhere. */
  channel_ids?: readonly string[];
  /** Only by these; absent: by anybody. */
  author_ids?: readonly string[];
  traits: readonly Trait[];
  /** Microseconds; `to_us` is exclusive. */
  from_us?: number;
  to_us?: number;
  /** Public channels, and these. Candidates outside are left out as far as the index knows. */
  readable: { public: boolean; channel_ids: readonly string[] };
  sort: SearchSort;
  /** Goes on behind this candidate of the same question. */
  after?: string;
  limit: number;
}

export interface Candidate {
  channel_id: string;
  seq: number;
  /** For `after`; opaque, at most 64 visible ASCII characters. */
  position: string;
}
export interface Candidates {
  candidates: Candidate[];
  /** Where to go on; null: there are no more. There may be more though there are fewer candidates than asked for. */
  next: string | null;
}

/**
 * Where words lead to messages. It is a hint: who asks reads each candidate from the store, in one snapshot with the right
 * to see it.
 *
 * - **Idempotent.** A message of a rev that the index has already, or of an older one, changes nothing.
 * - **One step.** A `write` is kept whole or not at all, its cursor included; later searches see it.
 * - **Losable.** What was written may be gone after a crash, but never a message without the cursor behind it: whoever feeds
 *   it goes on from `cursors`.
 * - `newest` is by time, descending. `relevance` ranks the newest hits (2,000 at least) by how well they match.
 */
export interface SearchIndex {
  /** Empties the index unless it was made for this store by this program's tokeniser. Comes before everything else. */
  prepare(incarnation: string): Promise<void>;
  /** Up to which rev each channel is known. */
  cursors(): Promise<Map<string, number>>;
  /** Notes changed messages of one channel; all with a rev up to `through` have come now. */
  write(channel: IndexedChannel, messages: readonly IndexedMessage[], through: number): Promise<void>;
  search(question: IndexQuestion): Promise<Candidates>;
  /** Forgets everything. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** A position that no answer gave. */
export class BadPosition extends Error {
  override readonly name = 'BadPosition';
}

/** `relevance` ranks so many of the newest hits. */
export const RANKED_HITS = 2_000;
