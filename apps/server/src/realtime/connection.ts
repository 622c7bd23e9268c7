import type { StreamName } from '@parley/shared/domain/streams';
import { ClientFrame } from '@parley/shared/protocol/frames';
import { LIMITS } from '@parley/shared/protocol/limits';
import type { Caller } from '../edge/route.ts';
import { transition, type Act, type ConnectionEffect, type ConnectionEvent, type ConnectionState, type Hello } from './connection-state.ts';
import type { Follow } from './hub.ts';
import type { SocketLink } from './link.ts';
import { SocketQueue } from './socket-queue.ts';

/** What a connection asks of its gateway. */
export interface ConnectionHost {
  now(): number;
  signIn(connection: Connection, token: string | null): void;
  open(connection: Connection, caller: Caller, hello: Hello): void;
  act(connection: Connection, frame: Act): void;
  /** Called once, whichever side closed. */
  released(connection: Connection): void;
}

const NO_PEOPLE: ReadonlySet<string> = new Set();

/** One socket: runs the effects of `transition`, and holds what the socket follows. */
export class Connection {
  state: ConnectionState = { kind: 'greeting' };
  /** Set once signed in, and kept beyond the end. */
  userId: string | null = null;
  /** Its name in the registry, once it is there. */
  device: string | null = null;
  readonly queue: SocketQueue;
  readonly follows = new Map<StreamName, Follow>();
  /** People on screen. */
  people: ReadonlySet<string> = NO_PEOPLE;
  /** When typing was last passed on, by channel. */
  typed: Map<string, number> | null = null;
  /** Changes of what is followed happen one after the other; so do deltas. */
  changes: Promise<void> | null = null;
  deltas: Promise<void> | null = null;
  #released = false;

  constructor(private readonly host: ConnectionHost, readonly link: SocketLink, readonly cookieToken: string | null, readonly id: string) {
    this.queue = new SocketQueue(link);
  }

  get caller(): Caller | null {
    return this.state.kind === 'open' || this.state.kind === 'opening' ? this.state.caller : null;
  }

  get closed(): boolean {
    return this.state.kind === 'closed';
  }

  apply(event: ConnectionEvent): void {
    const { state, effects } = transition(this.state, event, this.host.now());
    this.state = state;
    for (const effect of effects) this.#run(effect);
    if (state.kind === 'closed' && !this.#released) {
      this.#released = true;
      this.queue.drop();
      this.host.released(this);
    }
  }

  receive(text: string): void {
    const limit = this.state.kind === 'greeting' ? LIMITS.hello_bytes : LIMITS.frame_bytes;
    const bytes = text.length * 3 <= limit ? text.length : Buffer.byteLength(text);
    this.apply({ kind: 'message', bytes, frame: bytes > limit ? null : parseFrame(text) });
  }

  /** A frame that must not be lost while the socket lives. */
  live(frame: string): void {
    if (!this.closed && !this.queue.send(frame, frame.length)) this.apply({ kind: 'too_slow' });
  }

  #run(effect: ConnectionEffect): void {
    switch (effect.kind) {
      case 'sign_in':
        return this.host.signIn(this, effect.token ?? this.cookieToken);
      case 'open':
        return this.host.open(this, effect.caller, effect.hello);
      case 'act':
        return this.host.act(this, effect.frame);
      case 'bye':
        return this.link.send(JSON.stringify({ type: 'bye', code: effect.code, retry_after_ms: effect.retry_after_ms }));
      case 'close':
        return this.link.close(effect.code, effect.reason);
    }
  }
}

function parseFrame(text: string): ClientFrame | null {
  try {
    const parsed = ClientFrame.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
