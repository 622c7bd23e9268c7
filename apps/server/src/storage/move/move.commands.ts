import { ParleyError } from '@parley/shared/protocol/errors';
import { defineCommand } from '../command.ts';
import type { KeyPart, Row, Table, Tx } from '../port.ts';
import { meta, TABLES, type MetaRow } from '../tables.ts';
import { MARK, readMark, StoreMovedError, type MoveMark } from './move-mark.ts';
import { canonicalJson } from './table-sum.ts';

/** A server that was started and never set up leaves these; they go when a move begins. */
const NOT_CONTENT = new Set(['meta', 'leases', 'processes', 'jobs']);

/** What moving a whole server asks of the two stores. All but `move.reopen` are refused without the mark of the same move. */
export const moveCommands = {
  /** Marks the source: from then on no server opens it. An interrupted move to the same kind of store is gone on with, under its id. */
  'move.leave': defineCommand(async (tx, args: { id: string; to: string }): Promise<{ id: string }> => {
    const mark = await readMark(tx);
    if (mark?.role === 'target' && mark.state !== 'done') throw new ParleyError('conflict', new StoreMovedError(mark).message);
    if (mark?.role === 'source' && mark.state === 'moved') throw new ParleyError('conflict', new StoreMovedError(mark).message);
    if (mark?.role === 'source' && mark.other === args.to) return { id: mark.id };
    await setMark(tx, { role: 'source', id: args.id, state: 'moving', other: args.to, at: tx.now() });
    return { id: args.id };
  }),

  /** The target is whole: the source is a copy of the past from now on. */
  'move.left': defineCommand(async (tx, args: { id: string }) => {
    const mark = await ownMark(tx, 'source', args.id);
    await setMark(tx, { ...mark, state: 'moved', at: tx.now() } as MoveMark);
    return {};
  }),

  /**
   * Takes a store that nobody uses as the target. `replace`: also one whose server was moved away.
   * @returns how far an earlier run of the same move came. @throws ParleyError `conflict` when it holds anything
   */
  'move.begin': defineCommand(async (tx, args: { id: string; from: string; replace: boolean }): Promise<{ state: 'clearing' | 'loading' | 'done' }> => {
    const mark = await readMark(tx);
    if (mark?.role === 'target' && mark.id === args.id) return { state: mark.state };
    const abandoned = mark?.role === 'target' && mark.state !== 'done';
    const superseded = args.replace && mark?.role === 'source' && mark.state === 'moved';
    if (!abandoned && !superseded) {
      const full = await withRows(tx);
      if (full.length > 0) throw new ParleyError('conflict', `the target is not empty: it has rows in ${full.join(', ')}`);
    }
    await setMark(tx, { role: 'target', id: args.id, state: 'clearing', other: args.from, at: tx.now() });
    return { state: 'clearing' };
  }),

  /** Empties a table of the target, some rows at a time. @returns how many went */
  'move.clear': defineCommand(async (tx, args: { id: string; table: string; limit: number }): Promise<{ deleted: number }> => {
    const mark = await ownMark(tx, 'target', args.id);
    if (mark.state !== 'clearing') throw new ParleyError('conflict', 'the target is being loaded');
    const table = tableOf(args.table);
    const rows = (await tx.find(table, { limit: args.limit + 1 })).filter((row) => table.name !== meta.name || row['name'] !== MARK).slice(0, args.limit);
    for (const row of rows) await tx.delete(table, keyOf(table, row));
    return { deleted: rows.length };
  }),

  /** `loading` once all is empty; back to `clearing` when what was loaded turned out wrong, so that the next run begins anew. */
  'move.state': defineCommand(async (tx, args: { id: string; state: 'clearing' | 'loading' }) => {
    const mark = await ownMark(tx, 'target', args.id);
    if (mark.state === 'done') throw new ParleyError('conflict', 'the move is done');
    await setMark(tx, { ...mark, state: args.state } as MoveMark);
    return {};
  }),

  /** Puts rows as they are. Rows that are there already, alike, are left: a batch may be sent again. @throws ParleyError `conflict` */
  'move.load': defineCommand(async (tx, args: { id: string; table: string; rows: Row[] }) => {
    const mark = await ownMark(tx, 'target', args.id);
    if (mark.state !== 'loading') throw new ParleyError('conflict', `the target is ${mark.state}`);
    const table = tableOf(args.table);
    if (table.name === meta.name) throw new ParleyError('conflict', 'meta comes with move.finish');
    // Asked for at once: an adapter may answer them with one question.
    const present = await Promise.all(args.rows.map((row) => tx.get(table, keyOf(table, row))));
    for (const [i, row] of args.rows.entries()) {
      const other = present[i];
      if (other === undefined) await tx.insert(table, row);
      else if (canonicalJson(other) !== canonicalJson(row)) throw new ParleyError('conflict', `${table.name} has another row of this key`);
    }
    return {};
  }),

  /** Puts the source's `meta`, incarnation included: with it the target is the server. */
  'move.finish': defineCommand(async (tx, args: { id: string; rows: MetaRow[] }) => {
    const mark = await ownMark(tx, 'target', args.id);
    if (mark.state === 'done') return {};
    for (const row of await tx.find(meta, { limit: 10_000 })) if (row.name !== MARK && !args.rows.some(({ name }) => name === row.name)) await tx.delete(meta, [row.name]);
    for (const row of args.rows) if (row.name !== MARK) await tx.put(meta, row);
    await setMark(tx, { ...mark, state: 'done', at: tx.now() } as MoveMark);
    return {};
  }),

  /**
   * Lets servers open the source again. When the move had ended, people may have gone on elsewhere: then this copy gets a
   * new incarnation, as a restored backup does, and clients fetch everything anew.
   */
  'move.reopen': defineCommand(async (tx): Promise<{ was: 'open' | 'moving' | 'moved' }> => {
    const mark = await readMark(tx);
    if (mark?.role === 'target' && mark.state !== 'done') throw new ParleyError('conflict', 'this store is the unfinished target of a move: it holds nothing to go on with');
    if (mark?.role !== 'source') return { was: 'open' };
    await tx.delete(meta, [MARK]);
    if (mark.state === 'moved') await tx.put(meta, { name: 'incarnation', value: tx.uuid() });
    return { was: mark.state };
  }),
};

async function ownMark(tx: Tx, role: MoveMark['role'], id: string): Promise<MoveMark> {
  const mark = await readMark(tx);
  if (mark?.role !== role || mark.id !== id) throw new ParleyError('conflict', `this store is not the ${role} of this move`);
  return mark;
}

async function setMark(tx: Tx, mark: MoveMark): Promise<void> {
  await tx.put(meta, { name: MARK, value: mark });
}

async function withRows(tx: Tx): Promise<string[]> {
  const full: string[] = [];
  for (const table of TABLES) if (!NOT_CONTENT.has(table.name) && (await tx.find(table, { limit: 1 })).length > 0) full.push(table.name);
  return full;
}

function tableOf(name: string): Table {
  const table = TABLES.find((t) => t.name === name);
  if (!table) throw new TypeError(`no table ${name}`);
  return table;
}

const keyOf = (table: Table, row: Row): KeyPart[] => table.key.map((name) => row[name] as KeyPart);
