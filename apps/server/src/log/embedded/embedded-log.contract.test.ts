import { describe, expect, it } from 'vitest';
import { dispatchLogContract } from '../dispatch-log.contract.ts';
import { EmbeddedLog } from './embedded-log.ts';

let n = 0;
const source = { clock: { now: () => 1_700_000_000_000 }, random: { bytes: (length: number) => new Uint8Array(length).fill(++n % 256) } };

dispatchLogContract('embedded', async () => {
  const log = new EmbeddedLog(source);
  return { log, lose: async () => log.forget() };
});

describe('embedded dispatch log', () => {
  it('invariant 9: forgets everything under a new incarnation when it outgrows its capacity', async () => {
    const log = new EmbeddedLog(source, 3);
    const before = log.incarnation();
    const event = { outbox_id: 'o', stream: 'user:1' as const, from: 0, rev: 1, seq: 0 };
    await log.append(0, [event, event, event]);
    expect(log.incarnation()).toBe(before);
    await log.append(0, [event]);
    expect(log.incarnation()).not.toBe(before);
    expect(log.depth()).toBe(1);
  });
});
