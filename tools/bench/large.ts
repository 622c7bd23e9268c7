import { largeCost, type LargeCost } from '../../apps/server/src/testing/large-world.ts';

/** From 1,000 members on a channel is large. */
const LARGE = 999;

/** `npm run bench -- large [MESSAGES]`: rows that a message reads and writes in the store, and its time, by members and by readers. The in-memory store, so that rows are all that differs. */
export async function run(args: readonly string[] = []): Promise<{ name: 'large'; figures: Record<string, string | number>[] }> {
  const messages = Number(args[0] ?? 500);
  const figures: Record<string, string | number>[] = [];
  for (const [members, readers] of [[10, 0], [1_000, 0], [100_000, 0], [1_000, 10], [100_000, 10], [1_000, 100], [100_000, 100], [100_000, 1_000]] as const) {
    figures.push(row(await largeCost({ members, readers, messages, every: 50, large: LARGE })));
  }
  console.table(figures);
  return { name: 'large', figures };
}

function row(cost: LargeCost): Record<string, string | number> {
  const of = (heading: 'send' | 'follows' | 'jobs' | 'acks'): string => `${cost[heading].reads} / ${cost[heading].writes}`;
  return { members: cost.members, readers: cost.readers, send: of('send'), follows: of('follows'), jobs: of('jobs'), acks: of('acks'), us: cost.us };
}
