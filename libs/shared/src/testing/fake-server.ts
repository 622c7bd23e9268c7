import type { Call, InputOf, ResponseOf } from '../protocol/call.ts';
import type { Membership, Message, User } from '../protocol/entities.ts';
import type { ClientFrame, ServerFrame } from '../protocol/frames.ts';
import type { Outcome, Socket, SocketObserver, Transport } from '../sync/ports.ts';

export const ME = '00000000-0000-7000-8000-000000000001';
export const OTHER = '00000000-0000-7000-8000-000000000002';
export const DEVICE = '00000000-0000-7000-8000-00000000000d';
export const WORKSPACE = '00000000-0000-7000-8000-0000000000a0';
export const CHANNEL = '00000000-0000-7000-8000-0000000000c1';
export const INCARNATION = '00000000-0000-7000-8000-0000000000f1';

export const idOf = (n: number): string => `00000000-0000-7000-9000-${String(n).padStart(12, '0')}`;

export function message(seq: number, rev: number, more: Partial<Message> = {}): Message & { type: 'message' } {
  return {
    type: 'message', id: idOf(seq), channel_id: CHANNEL, seq, rev, author_id: OTHER, parent_message_id: null, broadcast: false, client_msg_id: `m${seq}`, kind: 'text', content: `text ${seq}`,
    mentions: { user_ids: [], group_ids: [], everyone: 'none' }, files: [], reactions: [], thread: null, pinned: false, quiet: false, imported: false,
    created_at: new Date(1_700_000_000_000 + seq * 1_000).toISOString(), edited_at: null, deleted: false, ...more,
  };
}
export const membership = (more: Partial<Membership> = {}, rev = 1) => ({
  type: 'membership' as const, id: CHANNEL, rev, channel_id: CHANNEL, role: 'member' as const, stay_id: idOf(900), visible_from_seq: 1, joined_seq: 0, read_epoch: 0, read_seq: 0, level: 'default' as const, muted: false, joined_at: '2025-01-01T00:00:00.000Z', ...more,
});
export const channelDoc = (head_seq: number, head_rev: number) => ({
  id: CHANNEL, workspace_id: WORKSPACE, kind: 'public' as const, name: 'lounge', topic: '', purpose: '', member_count: 2, archived: false, posting: 'everyone' as const, created_at: '2025-01-01T00:00:00.000Z', head_seq, head_rev, purged_through_seq: 0,
});
export const meUser: User = { id: ME, username: 'me', display_name: 'Me', is_bot: false, deactivated: false };

type Answer = Outcome<unknown> | 'never';
export const ok = (value: unknown, status = 200): Answer => ({ kind: 'ok', status, value });
export const problem = (status: number, code: string, more: { retryAfterMs?: number; message?: Message } = {}): Answer => ({ kind: 'problem', problem: { type: 'about:blank', title: code, status, code, ...(more.message && { message: more.message }) }, retryAfterMs: more.retryAfterMs ?? null });
export const unreached: Answer = { kind: 'unreached', reason: 'test' };

export interface Asked { path: string; input: Record<string, unknown>; key: string | undefined }

/** A wire whose answers the test gives by path; sockets are the test's to speak on. */
export class FakeServer implements Transport {
  readonly asked: Asked[] = [];
  readonly sockets: FakeSocket[] = [];
  readonly answers = new Map<string, (input: Record<string, unknown>, nth: number) => Answer | Promise<Answer>>();

  on(path: string, answer: (input: Record<string, unknown>, nth: number) => Answer | Promise<Answer>): this {
    this.answers.set(path, answer);
    return this;
  }
  of(path: string): Asked[] { return this.asked.filter((a) => a.path === path); }

  async call<C extends Call>(call: C, input: InputOf<C>, options: { idempotencyKey?: string } = {}): Promise<Outcome<ResponseOf<C>>> {
    const asked = { path: call.path, input: input as Record<string, unknown>, key: options.idempotencyKey };
    const nth = this.of(call.path).length;
    this.asked.push(asked);
    const answer = await (this.answers.get(call.path)?.(asked.input, nth) ?? unreached);
    if (answer === 'never') return new Promise(() => {});
    return answer as Outcome<ResponseOf<C>>;
  }

  connect(events: SocketObserver): Socket {
    const socket = new FakeSocket(events);
    this.sockets.push(socket);
    return socket;
  }
  get socket(): FakeSocket { return this.sockets.at(-1)!; }
}

export class FakeSocket implements Socket {
  readonly sent: ClientFrame[] = [];
  closed = false;
  constructor(readonly events: SocketObserver) {}
  send(frame: ClientFrame): void { this.sent.push(frame); }
  close(): void { this.closed = true; }
  say(frame: ServerFrame): void { this.events.frame(frame); }
  welcome(incarnation = INCARNATION): void {
    this.events.opened();
    this.say({ type: 'welcome', connection_id: 'c', user_id: ME, server_time: '2025-01-01T00:00:00.000Z', incarnation, heartbeat_ms: 5_000, live: 'full' });
  }
}
