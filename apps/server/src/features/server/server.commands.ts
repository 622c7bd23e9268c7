import { defineCommand } from '../../storage/command.ts';
import { meta } from '../../storage/tables.ts';

export const serverCommands = {
  /** What processes that share a store make their tokens with (base64): the first that is offered is kept for good. */
  'server.key': defineCommand(async (tx, args: { key: string }): Promise<{ key: string }> => {
    const known = await tx.get(meta, ['server_key']);
    if (known) return known.value as { key: string };
    await tx.put(meta, { name: 'server_key', value: { key: args.key } });
    return { key: args.key };
  }),
};
