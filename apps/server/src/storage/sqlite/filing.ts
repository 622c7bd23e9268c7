import type { Table } from '../port.ts';
import { filedName, gatherName, quote, REST, shardIndexName, unfiled } from './schema.ts';
import type { Prepared } from './table-access.ts';

export interface FilingLimits {
  /** Rows that may stay gathered; above it the fullest shards are filed. */
  keep: number;
  /** New rows between two looks at what is gathered. */
  every: number;
}
export const DEFAULT_FILING: FilingLimits = { keep: 1024, every: 512 };

/**
 * Files gathered rows under their table's indexes, a shard at a time, within the transactions of the commands that come
 * anyway: about as many rows a commit as it added, so that no commit is held up by much.
 */
export class Filing {
  private fresh = 0;
  private sinceLook = 0;
  private plan: number[] = [];

  constructor(private readonly prepared: Prepared, private readonly table: Table, private readonly limits: FilingLimits) {
    this.sinceLook = limits.every;
  }

  /** A row was gathered. */
  gathered(): void {
    this.fresh++;
  }

  /** Called in each transaction after its commands. */
  step(): void {
    if (this.fresh === 0) return;
    let due = this.fresh * 2;
    this.sinceLook += this.fresh;
    this.fresh = 0;
    if (this.sinceLook >= this.limits.every) {
      this.sinceLook = 0;
      this.look();
    }
    while (due > 0 && this.plan.length > 0) due -= this.file(this.plan.shift()!);
  }

  /** Decides which shards come next, and drops what has been filed from the old end. */
  private look(): void {
    const gather = quote(gatherName(this.table));
    const shards = this.prepared.rows(`SELECT "$shard", count(*), min("$slot") FROM ${gather} INDEXED BY ${quote(shardIndexName(this.table))} WHERE ${unfiled(this.table)} GROUP BY "$shard"`).all() as [number, number, number][];
    const [least, most] = this.prepared.rows(`SELECT (SELECT min("$slot") FROM ${gather}), (SELECT max("$slot") FROM ${gather})`).get() as [number | null, number | null];
    if (least === null || most === null) return;
    shards.sort((a, b) => b[1] - a[1]);
    let left = shards.reduce((sum, [, count]) => sum + count, 0);
    this.plan = [];
    for (const [shard, count] of shards) {
      if (left <= this.limits.keep) break;
      this.plan.push(shard);
      left -= count;
    }
    const oldest = shards.reduce<[number, number]>((old, [shard, , slot]) => (slot < old[1] ? [shard, slot] : old), [0, most + 1]);
    // A quiet shard's old row would keep everything behind it.
    if (most - oldest[1] > this.limits.keep * 2 && !this.plan.includes(oldest[0])) this.plan.unshift(oldest[0]);
    if (oldest[1] - least >= this.limits.every) {
      this.prepared.run(`DELETE FROM ${gather} WHERE "$slot" < ?`).run(oldest[1]);
      this.prepared.run(`DELETE FROM ${quote(filedName(this.table))} WHERE "$slot" < ?`).run(oldest[1]);
    }
  }

  private file(shard: number): number {
    const gather = quote(gatherName(this.table));
    const list = [...Object.keys(this.table.columns), REST].map(quote).join(', ');
    const { changes } = this.prepared
      .run(`INSERT INTO ${quote(this.table.name)} (${list}) SELECT ${list} FROM ${gather} INDEXED BY ${quote(shardIndexName(this.table))} WHERE "$shard" = ? AND ${unfiled(this.table)} ORDER BY "$slot"`)
      .run(shard);
    this.prepared
      .run(`INSERT INTO ${quote(filedName(this.table))} ("$shard", "$slot") SELECT "$shard", max("$slot") FROM ${gather} WHERE "$shard" = ? GROUP BY "$shard" ON CONFLICT ("$shard") DO UPDATE SET "$slot" = excluded."$slot"`)
      .run(shard);
    return Math.max(1, changes);
  }
}
