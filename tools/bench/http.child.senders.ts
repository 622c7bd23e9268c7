/** Senders over keep-alive connections, in a process of their own. They speak just enough HTTP to cost little. */
import { Sender } from './http.child.sender.ts';

export interface SendOrder {
  port: number;
  /** One sender each. */
  tokens: string[];
  channels: string[];
  seconds: number;
  /** Sends a second over all senders, given out evenly; absent: each sends again as soon as it is answered. */
  rate?: number;
  warmUpSeconds: number;
}
export interface SendResult {
  sent: number;
  seconds: number;
  /** Milliseconds from when a send was due to its answer, sorted. */
  latencies: number[];
}

async function perform(order: SendOrder): Promise<SendResult> {
  const senders = order.tokens.map((token) => new Sender(order.port, token));
  let n = 0;
  const next = (): { channel: string; n: number } => ({ channel: order.channels[n % order.channels.length]!, n: n++ });
  const latencies: number[] = [];
  let counting = false;
  const one = async (sender: Sender, due: number): Promise<void> => {
    const { channel, n: number } = next();
    await sender.send(channel, number);
    if (counting) latencies.push(performance.now() - due);
  };
  let going = true;
  const work = order.rate === undefined ? Promise.all(senders.map(async (sender) => {
    while (going) await one(sender, performance.now());
  })) : paced(senders, order.rate, one, () => going);
  await pause(order.warmUpSeconds);
  process.send!({ kind: 'counting' });
  counting = true;
  const started = performance.now();
  await Promise.race([pause(order.seconds), work]);
  counting = false;
  const seconds = (performance.now() - started) / 1000;
  process.send!({ kind: 'counted' });
  going = false;
  await work;
  for (const sender of senders) sender.close();
  return { sent: latencies.length, seconds, latencies: latencies.sort((a, b) => a - b) };
}

/** A send that finds every sender busy waits for one, and that is part of its time. */
async function paced(senders: Sender[], rate: number, one: (sender: Sender, due: number) => Promise<void>, going: () => boolean): Promise<void> {
  const idle = [...senders];
  const late: number[] = [];
  const underWay = new Set<Promise<void>>();
  let failure: unknown;
  const give = (sender: Sender, due: number): void => {
    const work = one(sender, due).then(() => {
      underWay.delete(work);
      const next = late.shift();
      if (next === undefined) idle.push(sender);
      else give(sender, next);
    }, (error: unknown) => void (failure = error));
    underWay.add(work);
  };
  const started = performance.now();
  let given = 0;
  while (going()) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (failure) throw failure;
    const now = performance.now();
    const owed = Math.floor(((now - started) / 1000) * rate);
    for (; given < owed; given++) {
      const sender = idle.shift();
      if (sender) give(sender, now);
      else late.push(now);
    }
  }
  late.length = 0;
  await Promise.all(underWay);
}

const pause = (seconds: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, seconds * 1000));

process.on('message', (order: SendOrder) => {
  perform(order).then((result) => process.send!({ kind: 'done', result }), (error: unknown) => process.send!({ kind: 'failed', error: String(error) }));
});
process.on('disconnect', () => process.exit(0));
process.send!({ kind: 'up' });
