import type { CommandArgs, CommandName, CommandResult } from '../storage/commands.ts';
import type { Store } from '../storage/port.ts';

/** Commands that may leave a job to be done at once. One that is missing here costs a second, no more. */
const MAY_LEAVE_WORK = /^(?:jobs\.enqueue|push\.|pointers\.|scheduled\.|saved\.|imports\.|inbox\.|mail\.|workspaces\.)/;

/** The same store, which tells when a command that may have made a job has been committed. */
export function tellingStore(store: Store, tell: () => void): Store {
  return {
    read: (work) => store.read(work),
    recall: (table, key) => store.recall(table, key),
    async run<N extends CommandName>(name: N, args: CommandArgs<N>): Promise<CommandResult<N>> {
      const result = await store.run(name, args);
      if (MAY_LEAVE_WORK.test(name)) tell();
      return result;
    },
    onCommitted: (listener) => store.onCommitted(listener),
    incarnation: () => store.incarnation(),
    health: () => store.health(),
    close: () => store.close(),
  };
}
