import type { Readable, Timeline, TimelineView } from '@parley/shared/sync/api';
import { buildRows, isShown, type ReadSnapshot, type Row, type RowPreferences } from './rows.ts';

/** What the list shows, kept beside React so that each change of the timeline gives exactly one new array of rows. */
export interface ListState { view: TimelineView; rows: readonly Row[]; hasLine: boolean; newestSeq: number }

export interface ListConditions {
  /** The window has the focus and the view is at the end: what arrives is seen arriving. */
  watching(): boolean;
  /** Messages that were deleted here and may still be undone. */
  hidden(messageId: string): boolean;
}

export class ListModel implements Readable<ListState> {
  readonly #timeline: Timeline;
  readonly #conditions: ListConditions;
  readonly #listeners = new Set<() => void>();
  #preferences: RowPreferences;
  #snapshot: ReadSnapshot | null;
  #state: ListState;
  #unsubscribe: (() => void) | null = null;

  /** @param readSeq Where reading stands as the list opens: the line is drawn after it. Null draws none. */
  constructor(timeline: Timeline, preferences: RowPreferences, readSeq: number | null, conditions: ListConditions) {
    this.#timeline = timeline;
    this.#preferences = preferences;
    this.#conditions = conditions;
    this.#snapshot = readSeq === null ? null : { afterSeq: readSeq };
    this.#state = this.#build([]);
  }

  get = (): ListState => this.#state;

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    // The first to look starts the listening, the last one ends it.
    if (!this.#unsubscribe) {
      this.#unsubscribe = this.#timeline.subscribe(() => this.refresh());
      this.refresh();
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#unsubscribe?.();
      this.#unsubscribe = null;
    };
  }

  refresh(): void {
    const before = this.#state;
    const next = this.#build(before.rows);
    if (next.rows === before.rows && next.view === before.view) return;
    this.#state = next;
    for (const listener of [...this.#listeners]) listener();
  }

  setPreferences(preferences: RowPreferences): void {
    this.#preferences = preferences;
    this.refresh();
  }

  /** Draws the line after a seq, or takes it away. */
  setLine(snapshot: ReadSnapshot | null): void {
    this.#snapshot = snapshot;
    this.refresh();
  }

  #build(previous: readonly Row[]): ListState {
    const view = this.#timeline.get();
    const { me } = this.#preferences;
    const newest = newestForeign(view, me);
    const before = previous.length === 0 ? null : this.#state;
    // No line yet, and something new: it is set when nobody watched it come, at what was newest until then.
    if (before && !before.hasLine && newest > before.newestSeq && before.newestSeq > 0) {
      this.#snapshot = this.#conditions.watching() ? null : { afterSeq: before.newestSeq };
    }
    const kept = view.messages.some((m) => this.#conditions.hidden(m.message.id)) ? { ...view, messages: view.messages.filter((m) => !this.#conditions.hidden(m.message.id)) } : view;
    const rows = buildRows(kept, this.#snapshot, this.#preferences, previous);
    const hasLine = rows.some((row) => row.type === 'divider');
    if (before && rows === previous && view === before.view) return before;
    return { view, rows, hasLine, newestSeq: Math.max(newest, before?.newestSeq ?? 0) };
  }
}

function newestForeign(view: TimelineView, me: string): number {
  for (let i = view.messages.length - 1; i >= 0; i--) {
    const message = view.messages[i];
    if (message && message.message.author_id !== me && message.message.kind !== 'system' && isShown(message, view.rootId)) return message.message.seq;
  }
  return 0;
}
