/** The people of the benchmark, in a process of their own: those who talk in ordinary channels, those who listen there, and the crowd in the hot one. */
import WebSocket from 'ws';
import { Sender } from './http.child.sender.ts';

export interface Person { token: string; device_id: string }
export interface HotOrder {
  port: number;
  /** One ordinary channel each, where they talk and another of their devices listens. */
  ordinary: { channel: string; person: Person }[];
  hot: { channel: string; people: Person[] };
  /** Messages a second over all ordinary channels, and in the hot one. */
  rate: number;
  hotRate: number;
  seconds: number;
}
export interface HotResult {
  /** Milliseconds from when a send was due to its live frame at the one who listens, sorted. */
  deliveries: number[];
  /** Milliseconds from when a send was due to its acknowledgement, sorted. */
  acks: number[];
  hotSent: number;
  hotFrames: number;
  hotListeners: number;
}

const listeners = new Map<string, WebSocket>();
/** By channel: what is under way there, oldest first. */
const due = new Map<string, number[]>();
let deliveries: number[] = [];
let hotFrames = 0;

async function listen(port: number, person: Person, channel: string, heard: (text: string) => void): Promise<void> {
  if (listeners.has(person.token)) return;
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/connect`);
  listeners.set(person.token, socket);
  const cursors = new Map<string, number>();
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => socket.send(JSON.stringify({ type: 'hello', token: person.token, device_id: person.device_id, cursors: {}, looking_at: [channel] })));
    socket.on('message', (data: Buffer) => {
      const text = data.toString();
      if (text.startsWith('{"type":"heads"')) resolve();
      const live = /^\{"type":"live","stream":"([^"]+)","from":\d+,"rev":(\d+)/.exec(text);
      if (!live) return;
      cursors.set(live[1]!, Number(live[2]));
      if (live[1] === `channel:${channel}`) heard(text);
    });
  });
  const timer = setInterval(() => {
    if (socket.readyState !== WebSocket.OPEN) return clearInterval(timer);
    socket.send(JSON.stringify({ type: 'ping', t: Date.now() }));
    if (cursors.size > 0) socket.send(JSON.stringify({ type: 'ack', cursors: Object.fromEntries(cursors) }));
  }, 2_000);
}

async function perform(order: HotOrder): Promise<HotResult> {
  for (const { channel, person } of order.ordinary) await listen(order.port, person, channel, (text) => {
    const n = text.split('"type":"message"').length - 1;
    for (let i = 0; i < n; i++) {
      const began = due.get(channel)?.shift();
      if (began !== undefined) deliveries.push(performance.now() - began);
    }
  });
  for (const person of order.hot.people) await listen(order.port, person, order.hot.channel, () => { hotFrames++; });
  const talkers = order.ordinary.map(({ person }) => new Sender(order.port, person.token));
  const crowd = order.hotRate > 0 ? order.hot.people.map((person) => new Sender(order.port, person.token)) : [];
  [deliveries, hotFrames] = [[], 0];
  due.clear();
  const acks: number[] = [];
  const busy = new Set<Sender>();
  const underWay = new Set<Promise<void>>();
  const [started, ends] = [performance.now(), performance.now() + order.seconds * 1_000];
  let [given, hotGiven, hotSent] = [0, 0, 0];
  const start = (sender: Sender, work: Promise<void>): void => {
    busy.add(sender);
    const done = work.finally(() => { busy.delete(sender); underWay.delete(done); });
    underWay.add(done);
  };
  while (performance.now() < ends) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const now = performance.now();
    for (const owed = Math.floor(((now - started) / 1_000) * order.rate); given < owed; given++) {
      const at = given % order.ordinary.length;
      const { channel } = order.ordinary[at]!;
      const sender = talkers[at]!;
      if (busy.has(sender)) throw new Error('an ordinary channel takes longer than the pause between its messages');
      due.set(channel, [...(due.get(channel) ?? []), now]);
      start(sender, sender.send(channel, given).then(() => void acks.push(performance.now() - now)));
    }
    for (const owed = Math.floor(((now - started) / 1_000) * order.hotRate); hotGiven < owed; hotGiven++) {
      const sender = crowd.find((one) => !busy.has(one));
      if (!sender) break;
      start(sender, sender.send(order.hot.channel, hotGiven).then(() => void hotSent++));
    }
  }
  await Promise.all(underWay);
  await new Promise((resolve) => setTimeout(resolve, 500));
  for (const sender of [...talkers, ...crowd]) sender.close();
  const lost = [...due.values()].reduce((n, list) => n + list.length, 0);
  if (lost > 0) throw new Error(`${lost} messages were not delivered`);
  return { deliveries: deliveries.sort((a, b) => a - b), acks: acks.sort((a, b) => a - b), hotSent, hotFrames, hotListeners: order.hot.people.length };
}

process.on('message', (order: HotOrder) => {
  perform(order).then((result) => process.send!({ kind: 'done', result }), (error: unknown) => process.send!({ kind: 'failed', error: String(error) }));
});
process.on('disconnect', () => process.exit(0));
process.send!({ kind: 'up' });
