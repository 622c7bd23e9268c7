import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runChild } from './child.ts';
import { hasStrace } from './requirements.ts';
import { inDirectory } from './testing.directory.ts';

describe.skipIf(!hasStrace())('a slow disk', () => {
  for (const [name, micros] of [['200 ms', 200_000], ['5 s', 5_000_000]] as const) {
    it(`SLO1 with syncs of ${name} batches grow, the rest is refused with a time to come back, and the event loop goes on`, async () => {
      await inDirectory(async (directory) => {
        const file = join(directory, 'parley.db');
        // Leaves a log behind, so that the slow process need not begin one.
        await runChild('until-refused', file);
        const told = await runChild('flood', file, ['-o', '/dev/null', '-e', 'trace=fdatasync,fsync', '-e', `inject=fdatasync,fsync:delay_enter=${micros}`]);
        const result = told.at(-1) as unknown as { done: number; refused: number; codes: string[]; least_retry_after_ms: number; batches: number[]; loop_ms: number };
        expect(result.done).toBe(1);
        expect(result.batches.at(-1)).toBe(64);
        expect(result.refused).toBeGreaterThan(1_000);
        expect(result.codes).toEqual(['unavailable']);
        expect(result.least_retry_after_ms).toBeGreaterThan(0);
        expect(result.loop_ms).toBeLessThan(micros / 1000 > 1_000 ? 500 : 150);
      });
    });
  }
});
