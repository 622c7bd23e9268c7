import { CLOSE } from '@parley/shared/protocol/frames';

/** One WebSocket as the gateway sees it: `ws` in production, a pipe in simulations. */
export interface SocketLink {
  /** Hands over one encoded frame. Never throws; after `close` it does nothing. */
  send(frame: string): void;
  /** Hands over several encoded frames that leave in one write where the carrier can. */
  sendMany(frames: readonly string[]): void;
  /** Bytes handed over that the peer has not taken yet. */
  buffered(): number;
  /** Calls back once, when `buffered()` has fallen below `bytes`. */
  whenBelow(bytes: number, then: () => void): void;
  close(code: number, reason: string): void;
}

export interface SocketEvents {
  message(text: string): void;
  /** The peer is gone, or `close` has finished. Called once. */
  closed(): void;
}

export interface Gateway {
  /** Takes a new socket. `cookieToken` is the session cookie when the Origin was allowed. */
  accept(link: SocketLink, peer: { address: string; cookieToken: string | null }): SocketEvents;
  connections(): number;
  /** As many wait to be let in as may: whoever comes now had better come again. */
  crowded(): boolean;
  /** Says `bye`, closes all with 1012 and takes no more. */
  drain(): Promise<void>;
}

/** In place of a gateway in a process without that role. */
export const noGateway: Gateway = {
  accept(link) {
    link.close(CLOSE.restarting, 'no gateway here');
    return { message: () => undefined, closed: () => undefined };
  },
  connections: () => 0,
  crowded: () => false,
  drain: () => Promise.resolve(),
};
