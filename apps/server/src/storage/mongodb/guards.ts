import type { Document } from 'mongodb';
import type { KeyPart, Table } from '../port.ts';
import { heads } from '../tables.ts';

/** In a head, or beside the heads: changes with every write to the rows that it guards. */
export const VERSION = '_v';

/** Tables whose rows nearly every command asks for, and few change. Those of `warm` tables come to these. */
const ASKED_OFTEN: ReadonlySet<string> = new Set(['keyword_watchers', 'sessions', 'group_members']);

/**
 * The document among the heads that stands for all rows of one owner (a channel, a workspace, a person) in a table, or
 * undefined. Whoever writes such a row writes its guard in the same transaction, so
 * - two that write rows of one owner meet there, though the rows be others: what either has asked of them holds;
 * - rows read under a guard's version are those of now while the version is the same.
 * What belongs to a channel is guarded by its own head, which whoever writes in it takes anyway.
 */
export function guardOf(table: Table, owner: KeyPart | undefined): string | undefined {
  if (owner === undefined || table.name === heads.name || table.shard !== table.key[0] || !(table.warm || ASKED_OFTEN.has(table.name))) return undefined;
  return table.shard === 'channel_id' || table.name === 'channels' ? `channel:${owner}` : `guard:${table.name}:${owner}`;
}

/** Not the head of a stream: written only for what it guards. */
export const isOwnGuard = (guard: string): boolean => guard.startsWith('guard:');

export const versionOf = (document: Document | undefined): string => (document === undefined ? 'none' : ((document[VERSION] as string | undefined) ?? 'first'));

interface Kept {
  version: string;
  answers: Map<string, unknown>;
}

/** Most guards, and most answers under one, that are remembered. */
const MOST = 20_000;
const MOST_ANSWERS = 2_000;

/** What this process has read under guards. Asked only with the version that the guard has in the transaction that asks. */
export class GuardedAnswers {
  private readonly guards = new Map<string, Kept>();
  private readonly usual = new Map<string, ReadonlySet<string>>();

  answer(guard: string, version: string, question: string): { value: unknown } | undefined {
    const kept = this.guards.get(guard);
    if (kept === undefined || kept.version !== version || !kept.answers.has(question)) return undefined;
    return { value: kept.answers.get(question) };
  }

  keep(guard: string, version: string, question: string, value: unknown): void {
    let kept = this.guards.get(guard);
    if (kept?.version !== version) {
      this.guards.delete(guard);
      if (this.guards.size >= MOST) this.guards.delete(this.guards.keys().next().value!);
      this.guards.set(guard, (kept = { version, answers: new Map() }));
    }
    if (kept.answers.size >= MOST_ANSWERS) kept.answers.clear();
    kept.answers.set(question, value);
  }

  /** The heads that commands of one place asked for the last time: they are asked for together the next time. */
  usually(place: string): ReadonlySet<string> | undefined {
    return this.usual.get(place);
  }

  asked(place: string, heads: ReadonlySet<string>): void {
    if (this.usual.size >= MOST) this.usual.delete(this.usual.keys().next().value!);
    this.usual.set(place, heads);
  }
}
