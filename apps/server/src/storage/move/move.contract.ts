import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ParleyError } from '@parley/shared/protocol/errors';
import { sync } from '@parley/shared/protocol/calls/reading';
import type { FakeClock } from '@parley/shared/testing/fake-clock';
import type { SeededRandom } from '@parley/shared/testing/seeded-random';
import { Conversation, type OpenStore } from '../../testing/conversation-world.ts';
import { testWorld, TestClient } from '../../testing/test-core.ts';
import type { Row, Store, Table } from '../port.ts';
import { blobs, heads, leases, meta, outbox, TABLES } from '../tables.ts';
import { refuseMoved, StoreMovedError } from './move-mark.ts';
import { moveStore, MoveMismatch, type MoveOptions } from './move-store.ts';

export interface MovePair {
  /** A new, empty store. */
  openSource(clock: FakeClock, random: SeededRandom): Promise<OpenStore>;
  /** The target; from the second time on what the first one left. */
  openTarget(): Promise<Store>;
  dispose(): Promise<void>;
}

/** The suite of moving a server, for every pair of adapters. */
export function describeMove(name: string, open: () => Promise<MovePair>): void {
  describe(`moving a server, ${name}`, () => {
    let pair: MovePair;
    let talk: Conversation;
    let target: Store;
    const move = (more: Partial<MoveOptions> = {}) => moveStore({ source: { name: 'here', store: talk.store }, target: { name: 'there', store: target }, wait: async () => undefined, ...more });
    beforeEach(async () => {
      pair = await open();
      talk = await Conversation.open({ adapter: name, open: pair.openSource });
      await someTalk(talk);
      target = await pair.openTarget();
    });
    afterEach(async () => {
      await talk.close();
      await target.close();
      await pair.dispose();
    });

    it('brings every row of every table over, the incarnation too, and the target answers a sync alike', async () => {
      const before = await rowsOf(talk.store);
      const moved = await move();
      expect(await rowsOf(target)).toEqual(before);
      expect(moved).toMatchObject({ resumed: false, already: false, incarnation: talk.store.incarnation() });
      expect(moved.tables.map((t) => t.table).sort()).toEqual(TABLES.map((t) => t.name).sort());
      expect(moved.tables.find((t) => t.table === 'messages')!.rows).toBeGreaterThan(600);
      await target.close();
      target = await pair.openTarget();
      expect(target.incarnation()).toBe(talk.store.incarnation());
      await refuseMoved(target);
      const there = new TestClient(testWorld({ clock: talk.world.clock, store: target }).core, talk.alice.token);
      for (const cursors of [{}, { [`user:${talk.alice.id}`]: 1 }]) {
        const [was, is] = [await talk.as(talk.alice).call(sync, { cursors }), await there.call(sync, { cursors })];
        expect(is).toEqual(was);
        expect(was.channels.length).toBeGreaterThan(1);
      }
    });

    it('is refused on a target that has a server', async () => {
      await target.run('lease.acquire', { name: 'dispatcher', holder: 'x', ms: 1 });
      await testWorld({ clock: talk.world.clock, store: target }).setUp();
      await expect(move()).rejects.toThrow(/not empty.*heads/);
      expect(await target.read((tx) => tx.count(leases, {}))).toBe(1);
      expect(await talk.store.run('move.reopen', {})).toEqual({ was: 'moving' });
      await refuseMoved(talk.store);
    });

    it('leaves a source that no server opens, until it is opened again under a new incarnation', async () => {
      await move();
      await expect(refuseMoved(talk.store)).rejects.toThrow(StoreMovedError);
      await expect(move()).rejects.toThrow('was moved to there');
      const incarnation = await talk.store.read((tx) => tx.get(meta, ['incarnation']));
      expect(await talk.store.run('move.reopen', {})).toEqual({ was: 'moved' });
      await refuseMoved(talk.store);
      expect(await talk.store.read((tx) => tx.get(meta, ['incarnation']))).not.toEqual(incarnation);
    });

    it('goes on where it was cut short, anywhere, and ends alike', async () => {
      const before = await rowsOf(talk.store);
      for (const place of ['clearing heads', 'loading messages', 'loading outbox', 'verifying users']) {
        const stopping = new AbortController();
        const cut = move({ signal: stopping.signal, onProgress: (p) => void (`${p.phase} ${p.table}` === place && stopping.abort(new Error('cut'))) });
        await expect(cut, place).rejects.toThrow('cut');
        // While it is under way nobody may work on either.
        await expect(refuseMoved(talk.store)).rejects.toThrow('is being moved');
        await expect(refuseMoved(target)).rejects.toThrow('is not whole');
      }
      expect(await move()).toMatchObject({ resumed: true });
      expect(await rowsOf(target)).toEqual(before);
    });

    it('names the table of which the target has something else, stays shut, and begins anew', async () => {
      const tampered = tamperedReads(target, blobs as Table);
      await expect(move({ target: { name: 'there', store: tampered } })).rejects.toThrow(MoveMismatch);
      await expect(move({ target: { name: 'there', store: tampered } })).rejects.toMatchObject({ table: 'blobs', wanted: { rows: 0 }, found: { rows: 1 } });
      await expect(refuseMoved(target)).rejects.toThrow(StoreMovedError);
      const phases = new Set<string>();
      expect(await move({ onProgress: ({ phase }) => void phases.add(phase) })).toMatchObject({ resumed: false });
      expect(phases).toContain('clearing');
    });

    it('takes a batch of unknown outcome again, and ends a move that was cut before it could say so', async () => {
      const unsure = unsureOnce(target);
      const before = await rowsOf(talk.store);
      const left = { ...talk.store, read: talk.store.read.bind(talk.store), incarnation: () => talk.store.incarnation(), run: async (command: string, args: unknown) => {
        if (command === 'move.left') throw new Error('killed');
        return talk.store.run(command as never, args as never);
      } } as Store;
      await expect(move({ source: { name: 'here', store: left }, target: { name: 'there', store: unsure } })).rejects.toThrow('killed');
      expect(await move()).toMatchObject({ already: true });
      expect(await rowsOf(target)).toEqual(before);
      await expect(refuseMoved(talk.store)).rejects.toThrow('was moved');
    });

    it('loads nothing into a store that is no target', async () => {
      const rows = [{ stream: 'channel:x', rev: 1, seq: 1, last_at: 1, floor: 0 }];
      await expect(target.run('move.load', { id: 'x', table: 'heads', rows })).rejects.toMatchObject({ code: 'conflict' });
      await expect(talk.store.run('move.clear', { id: 'x', table: 'heads', limit: 10 })).rejects.toMatchObject({ code: 'conflict' });
      await move();
      await expect(target.run('move.load', { id: 'x', table: 'heads', rows })).rejects.toMatchObject({ code: 'conflict' });
      expect(await target.read((tx) => tx.get(heads, ['channel:x']))).toBeUndefined();
    });

    it('moves back into the store that was moved away, when told to replace it', async () => {
      await move();
      const before = await rowsOf(target);
      const back = (replace: boolean) => moveStore({ source: { name: 'there', store: target }, target: { name: 'here', store: talk.store }, replace, wait: async () => undefined });
      await expect(back(false)).rejects.toThrow('not empty');
      await target.run('move.reopen', {});
      await back(true);
      expect(await rowsOf(talk.store)).toEqual(before);
      await refuseMoved(talk.store);
      await expect(refuseMoved(target)).rejects.toThrow('was moved to here');
    });
  });
}

/** Enough for several batches of messages, and rows in many tables. The outbox keeps what nobody consumed. */
async function someTalk(talk: Conversation): Promise<void> {
  const room = await talk.room('talk', [talk.alice, talk.bob]);
  const root = await talk.send(talk.olivia, room, `hello <@${talk.alice.id}> — ‘ünï’ 🎉 \u{10ffff}`);
  await talk.send(talk.bob, room, 'a reply', { parent: root, broadcast: true });
  await Promise.all(Array.from({ length: 600 }, (_, i) => talk.send(talk.alice, room, `line ${i}`)));
  await talk.room('quiet', [talk.bob], { is_private: true });
  await talk.settle();
}

async function rowsOf(store: Store): Promise<Record<string, Row[]>> {
  return store.read(async (tx) => {
    const all: Record<string, Row[]> = {};
    for (const table of TABLES) all[table.name] = (await tx.find(table, { limit: 100_000 })).filter((row) => table.name !== meta.name || !['move', 'incarnation'].includes(String(row['name'])));
    expect(all[outbox.name]!.length).toBeGreaterThan(0);
    return all;
  });
}

/** A store in which a row of this table is read that nobody wrote. */
function tamperedReads(store: Store, table: Table): Store {
  const stranger = { hash: 'stranger', size: 1, refs: 1, unused_at: null };
  const read: Store['read'] = (work) => store.read((tx) => work({
    get: tx.get.bind(tx), count: tx.count.bind(tx),
    find: async (asked, range) => {
      const rows = await tx.find(asked, range);
      return asked.name === table.name && !range.reverse ? [...rows, stranger as never] : rows;
    },
  }));
  return { ...store, read, run: store.run.bind(store), incarnation: store.incarnation.bind(store) } as Store;
}

/** Every command is committed, and the first of each kind is answered as unknown. */
function unsureOnce(store: Store): Store {
  const seen = new Set<string>();
  const run = async (name: string, args: unknown): Promise<unknown> => {
    const result = await store.run(name as never, args as never);
    if (seen.has(name)) return result;
    seen.add(name);
    throw new ParleyError('unavailable', 'the result of the commit is unknown');
  };
  return { ...store, read: store.read.bind(store), run, incarnation: store.incarnation.bind(store) } as Store;
}
