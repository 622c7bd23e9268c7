import { defineCommand } from './command.ts';
import { outbox } from './tables.ts';

/** Commands of the store's own means: outbox, leases, jobs. */
export const storeCommands = {
  /** A durable consumer has committed these outbox rows; a row goes when all of `consumers` are done. */
  'outbox.consumed': defineCommand(async (tx, args: { ids: string[]; consumer: string; consumers: string[] }) => {
    for (const id of args.ids) {
      const row = await tx.get(outbox, [id]);
      if (!row) continue;
      const done = [...new Set([...row.done, args.consumer])];
      if (args.consumers.every((c) => done.includes(c))) await tx.delete(outbox, [id]);
      else await tx.put(outbox, { ...row, done });
    }
    return {};
  }),
};
