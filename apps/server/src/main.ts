import { program } from './cli/program.ts';

// A promise that nobody waits for may fail without taking everybody's messages with it; the fault itself is told.
process.on('unhandledRejection', (reason) => {
  process.stderr.write(`parley: unhandled rejection: ${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}\n`);
});

await program().parseAsync(process.argv);
