import { describe, expect, it } from 'vitest';
import type { StoredEvent } from '../storage/port.ts';
import { partitionOf } from './partition.ts';
import { PARTITIONS, type DispatchLog } from './port.ts';

const event = (rev: number, id = '00000000-0000-7000-8000-000000000001'): StoredEvent => ({ outbox_id: `o${rev}`, stream: `channel:${id}`, from: rev - 1, rev, seq: rev, entities: [] });
const never = new AbortController().signal;

export interface DispatchLogUnderTest {
  log: DispatchLog;
  /** Makes the log lose what it holds, as a restart of its server would. */
  lose(): Promise<void>;
}

/** What every dispatch log guarantees. `make` gives a new, empty one each time. */
export function dispatchLogContract(name: string, make: () => Promise<DispatchLogUnderTest>): void {
  describe(`dispatch log: ${name}`, () => {
    it('LOG1 reads entries of a partition in the order they were appended, with rising positions', async () => {
      const { log } = await make();
      await log.append(3, [event(1), event(2)]);
      await log.append(3, [event(3)]);
      const entries = await log.read(3, 0, 10, never);
      expect(entries.map((e) => e.event.rev)).toEqual([1, 2, 3]);
      expect(entries[1]!.position).toBeGreaterThan(entries[0]!.position);
      expect((await log.read(3, entries[0]!.position, 1, never)).map((e) => e.event.rev)).toEqual([2]);
      await log.close();
    });

    it('LOG2 keeps partitions apart', async () => {
      const { log } = await make();
      await log.append(1, [event(1)]);
      await log.append(2, [event(2)]);
      expect((await log.read(2, 0, 10, never)).map((e) => e.event.rev)).toEqual([2]);
      await log.close();
    });

    it('LOG3 a read waits for entries, and an aborted one answers none', async () => {
      const { log } = await make();
      const waiting = log.read(5, 0, 10, never);
      await log.append(5, [event(1)]);
      expect((await waiting).map((e) => e.event.rev)).toEqual([1]);
      const abort = new AbortController();
      const aborted = log.read(6, 0, 10, abort.signal);
      abort.abort();
      expect(await aborted).toEqual([]);
      expect(await log.read(6, 0, 10, abort.signal)).toEqual([]);
      await log.close();
    });

    it('LOG4 entries stay until acknowledged, and a successor begins behind the last acknowledged one', async () => {
      const { log } = await make();
      await log.append(7, [event(1), event(2), event(3)]);
      const read = await log.read(7, 0, 2, never);
      expect(await log.read(7, 0, 2, never)).toEqual(read);
      await log.acknowledge(7, read[1]!.position);
      expect(await log.acknowledged(7)).toBe(read[1]!.position);
      expect((await log.read(7, await log.acknowledged(7), 10, never)).map((e) => e.event.rev)).toEqual([3]);
      await log.acknowledge(7, read[0]!.position);
      expect(await log.acknowledged(7)).toBe(read[1]!.position);
      await log.close();
    });

    it('LOG5 an event may be appended again', async () => {
      const { log } = await make();
      await log.append(7, [event(1)]);
      await log.append(7, [event(1)]);
      expect((await log.read(7, 0, 10, never)).map((e) => e.event.rev)).toEqual([1, 1]);
      await log.close();
    });

    it('LOG6 losing entries renews the incarnation, and the log goes on', async () => {
      const { log, lose } = await make();
      const before = log.incarnation();
      await log.append(7, [event(1)]);
      await lose();
      expect(log.incarnation()).not.toBe(before);
      await log.append(7, [event(2)]);
      expect((await log.read(7, await log.acknowledged(7), 10, never)).map((e) => e.event.rev)).toEqual([2]);
      await log.close();
    });

    it('LOG7 closing ends waiting reads', async () => {
      const { log } = await make();
      const waiting = log.read(0, 0, 1, never);
      await log.close();
      expect(await waiting).toEqual([]);
    });

    it('LOG8 a stream always falls into the same one of the partitions', () => {
      const partitions = new Set<number>();
      for (let i = 0; i < 2000; i++) {
        const p = partitionOf(`channel:${i}`);
        expect(p).toBe(partitionOf(`channel:${i}`));
        expect(p).toBeGreaterThanOrEqual(0);
        expect(p).toBeLessThan(PARTITIONS);
        partitions.add(p);
      }
      expect(partitions.size).toBe(PARTITIONS);
    });
  });
}
