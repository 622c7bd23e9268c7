import { describe, expect, it } from 'vitest';
import { getMessages, sendMessage } from '@parley/shared/protocol/calls/messages';
import { sync } from '@parley/shared/protocol/calls/reading';
import { CHANNEL, INCARNATION, message } from '@parley/shared/testing/fake-server';
import { WebTransport } from './web-transport.ts';

class PipeSocket {
  static readonly OPEN = 1;
  readyState = 1;
  onopen: (() => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  closedByUs = false;
  close(): void { this.closedByUs = true; }
  send(): void {}
}

const world = (response: () => Response | Promise<Response>) => {
  const asked: { url: string; init: RequestInit }[] = [];
  const sockets: PipeSocket[] = [];
  const transport = new WebTransport({
    fetch: async (url, init) => {
      asked.push({ url: String(url), init: init ?? {} });
      return response();
    },
    socket: () => {
      const socket = new PipeSocket();
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    origin: 'http://localhost:3210',
  });
  return { transport, asked, sockets };
};
const json = (body: unknown, status = 200, headers: Record<string, string> = {}) => new Response(JSON.stringify(body), { status, headers });

describe('the wire of a browser', () => {
  it('puts a GET into the query and a POST into the body, with the key', async () => {
    const w = world(() => json({ messages: [message(1, 1)], head_seq: 1, head_rev: 1, has_more_before: false, has_more_after: false }));
    expect(await w.transport.call(getMessages, { channel_id: CHANNEL, before_seq: 9 })).toMatchObject({ kind: 'ok', value: { head_seq: 1 } });
    expect(w.asked[0]?.url).toBe(`/api/v1/messages?channel_id=${CHANNEL}&before_seq=9`);
    await w.transport.call(sendMessage, { channel_id: CHANNEL, content: 'hi', client_msg_id: 'x' }, { idempotencyKey: 'k' });
    expect(w.asked[1]?.init).toMatchObject({ method: 'POST', credentials: 'same-origin', headers: { 'idempotency-key': 'k' } });
  });
  it('tells problems, and takes anything else for not reached', async () => {
    const refused = world(() => json({ type: 'x', title: 'Slow', status: 429, code: 'rate_limited' }, 429, { 'retry-after': '3' }));
    expect(await refused.transport.call(sync, { cursors: {} })).toMatchObject({ kind: 'problem', retryAfterMs: 3_000, problem: { code: 'rate_limited' } });
    for (const response of [() => new Response('<html>', { status: 502 }), () => json({ nonsense: true }), () => Promise.reject(new TypeError('no network'))]) {
      expect((await world(response).transport.call(sync, { cursors: {} })).kind).toBe('unreached');
    }
  });
  it('refuses an answer whose message is no message', async () => {
    const answer = (entity: unknown) => ({ server_time: '2025-01-01T00:00:00.000Z', incarnation: INCARNATION, channels: [], streams: { [`channel:${CHANNEL}`]: { from: 0, to: 1, head: 1, entities: [entity], has_more: false } } });
    expect((await world(() => json(answer(message(1, 1)))).transport.call(sync, { cursors: {} })).kind).toBe('ok');
    expect((await world(() => json(answer({ type: 'unknown_thing', id: 'x', rev: 1 }))).transport.call(sync, { cursors: {} })).kind).toBe('ok');
    expect((await world(() => json(answer({ ...message(1, 1), seq: 'one' }))).transport.call(sync, { cursors: {} })).kind).toBe('unreached');
  });
  it('gives a socket up that says what it cannot read, once', () => {
    const w = world(() => json({}));
    const seen: string[] = [];
    w.transport.connect({ opened: () => seen.push('opened'), frame: (f) => seen.push(f.type), closed: (code) => seen.push(`closed ${code}`) });
    const [socket] = w.sockets;
    socket?.onopen?.();
    socket?.onmessage?.({ data: JSON.stringify({ type: 'pong', t: 1, server_time: '2025-01-01T00:00:00.000Z' }) });
    socket?.onmessage?.({ data: '{"type":"live"' });
    socket?.onmessage?.({ data: JSON.stringify({ type: 'pong', t: 2, server_time: '2025-01-01T00:00:00.000Z' }) });
    socket?.onclose?.({ code: 1006, reason: '' });
    expect(seen).toEqual(['opened', 'pong', 'closed 4002']);
  });
});
