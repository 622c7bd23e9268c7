import { channelStream } from '@parley/shared/domain/streams';
import { headOf } from '../../storage/streams.ts';
import { channels, messages } from '../../storage/tables.ts';
import { problems } from '../simulation/compare.ts';
import type { ClusterWorld } from './world.ts';

const MOST = 20;
/** Longer than the sweeper's 2 s, the last lost frame's 10 s and a client's longest back-off. */
const SETTLE_MS = 45_000;
const LOOK_MS = 250;

/**
 * Everything that must hold once all are online and idle: no acknowledged message lost or doubled, seqs without holes, every
 * device as the store has it, unread counts counted the slow way, nothing ever shown out of order, no committed event left.
 * Waits for it a bounded time, since what was under way has to arrive. Empty when all is well.
 */
export async function brokenInvariants(world: ClusterWorld, ms = SETTLE_MS): Promise<string[]> {
  const end = performance.now() + ms;
  for (;;) {
    const found = [...(await deviceProblems(world)), ...(await storeProblems(world))];
    if (found.length === 0 || performance.now() > end) return [...world.ledger.wrong, ...world.devices.flatMap((d) => d.shownWrong), ...found].slice(0, MOST);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

function deviceProblems(world: ClusterWorld): Promise<string[]> {
  return problems({
    server: { errors: [], reads: { problems: [] }, store: world.store }, clock: { now: () => Date.now() },
    people: world.people, devices: world.devices, kept: [], appointed: [], cancelled: new Set(),
  });
}

async function storeProblems(world: ClusterWorld): Promise<string[]> {
  const found: string[] = [];
  const byChannel = new Map<string, Map<string, { id: string; seq: number; content: string; author_id: string }[]>>();
  await world.store.read(async (tx) => {
    for (const channel of await tx.find(channels, { limit: 1_000 })) {
      const rows = await tx.find(messages, { prefix: [channel.id], limit: 100_000 });
      const head = await headOf(tx, channelStream(channel.id));
      const hole = rows.findIndex((row, i) => row.doc.seq !== i + 1);
      if (hole >= 0) found.push(`${channel.doc.name}: seq ${rows[hole]!.doc.seq} stands where ${hole + 1} should`);
      if (rows.length !== head.seq) found.push(`${channel.doc.name}: ${rows.length} messages, but the head is ${head.seq}`);
      const late = rows.findIndex((row, i) => i > 0 && row.doc.created_at <= rows[i - 1]!.doc.created_at);
      if (late > 0) found.push(`${channel.doc.name}: time does not run with seq at ${rows[late]!.doc.seq}`);
      const own = new Map<string, { id: string; seq: number; content: string; author_id: string }[]>();
      for (const { doc } of rows) own.set(doc.client_msg_id, [...(own.get(doc.client_msg_id) ?? []), doc]);
      byChannel.set(channel.id, own);
    }
  });
  for (const sent of world.ledger.sent) {
    const rows = (byChannel.get(sent.channelId)?.get(sent.clientMsgId) ?? []).filter((row) => row.author_id === sent.authorId);
    if (rows.length > 1) found.push(`${sent.clientMsgId} is ${rows.length} times in the store`);
    if (!sent.ack) continue;
    const [row] = rows;
    if (!row) found.push(`acknowledged and lost: ${sent.clientMsgId} ${JSON.stringify(sent.ack)}`);
    else if (row.id !== sent.ack.message_id || row.seq !== sent.ack.seq || row.content !== sent.content) found.push(`${sent.clientMsgId} was acknowledged as ${JSON.stringify(sent.ack)} but is ${JSON.stringify(row).slice(0, 300)}`);
  }
  return found;
}
