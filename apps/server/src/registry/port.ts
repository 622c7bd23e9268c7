import type { QuietHours } from '@parley/shared/domain/quiet-hours';
import type { Entity, PresenceState } from '@parley/shared/protocol/entities';
import type { StreamName } from '@parley/shared/domain/streams';
import type * as z from 'zod/mini';
import type { StreamControl } from '../storage/port.ts';

export type Presence = z.infer<typeof PresenceState>;
/** What a person chose: `auto` lets the devices tell. */
export type ManualPresence = 'auto' | 'away' | 'dnd';

export interface Usage {
  active: boolean;
  /** Ids of sessions' devices. */
  connected: string[];
}

/** One connection of a device: a browser has one a tab at most, and all of them are one device. */
export const deviceKey = (deviceId: string, connectionId: string): string => `${deviceId}/${connectionId}`;

/** Who is here now. Ephemeral: lost with the process, never stored. */
export interface PresenceDirectory {
  /** States of those who are not offline, `dnd` included. */
  statesOf(userIds: readonly string[]): Promise<Map<string, Presence>>;
  /** Which of the person's devices are connected, and whether one is in use right now, whatever they chose to show. */
  usageOf(userId: string): Promise<Usage>;
  /** Tells what a person chose, until `until` (milliseconds since the epoch, null: for good). Lost with the process: gateways tell it again with each connection. */
  choose(userId: string, presence: ManualPresence, until: number | null): void;
  /** Tells by which hours of the week a person is not disturbed: shown as `dnd` while they chose nothing else. Lost with the process, as above. */
  quiet(userId: string, schedule: readonly QuietHours[]): void;
  /** Tells that a person's profile changed, so that gateways show it to those who look. */
  profileChanged(userId: string): void;
}

/** A committed change on its way from a dispatcher to a gateway. */
export interface LinkEvent {
  stream: StreamName;
  from: number;
  rev: number;
  seq: number;
  /** The encoded `live` frame, made once. */
  frame: string;
  entities: readonly Entity[];
  control?: readonly StreamControl[];
  /**
   * Entries of the stream's own log may be missing in what came before, or come late: the gateway checks everybody who
   * follows the stream against the store before it forwards.
   */
  verify?: boolean;
  /** More changed than a frame holds: followers get a `head` instead. */
  headOnly?: boolean;
  /** Milliseconds since the epoch, when known: for measuring the way. */
  committed_at?: number;
}

/** Answers and events share one order, so a subscriber never sees an event before its answer. */
export type LinkBody =
  /** The dispatcher forwards all that changes after `rev`. Also sent unasked when another dispatcher took the partition. */
  | { kind: 'subscribed'; stream: StreamName; rev: number; seq: number }
  | { kind: 'events'; partition: number; events: readonly LinkEvent[] }
  /** Also names the partitions that the dispatcher owns: one that no beat names has nobody. */
  | { kind: 'beat'; partitions: readonly number[] };

/** `number` counts the bodies of one dispatcher to one gateway, from 1; a beat repeats the last one. */
export interface LinkMessage {
  dispatcher: string;
  number: number;
  /** The fencing token of the body's partition; 0 for beats. */
  token: number;
  body: LinkBody;
}

export interface TypingNotice { channel_id: string; user_id: string; parent_message_id: string | null }

/** What a gateway is told. None of these may throw. */
export interface GatewayInbox {
  deliver(message: LinkMessage): void;
  typing(notice: TypingNotice): void;
  presence(userId: string, state: Presence): void;
  profileChanged(userId: string): void;
}

/** A gateway's end. */
export interface GatewayPort {
  /** Asks the dispatcher of the stream's partition, now and whenever the partition changes hands; answered by `subscribed`. Asking again is answered again. */
  subscribe(stream: StreamName): void;
  unsubscribe(stream: StreamName): void;
  typing(notice: TypingNotice): void;
  /** States of one person's device at this gateway, by `deviceKey`; null: it is gone. Going offline is told some seconds late, so that a reconnection is not seen. */
  setDevice(userId: string, device: string, state: 'online' | 'away' | null): void;
  /** Presence changes of these people are told to the inbox until `unwatch`. */
  watch(userId: string): void;
  unwatch(userId: string): void;
  /** The gateway is gone: its subscriptions, watches and devices with it. */
  detach(): void;
}

/** What a dispatcher is told. None of these may throw. */
export interface DispatcherInbox {
  subscribe(gateway: string, stream: StreamName): void;
  unsubscribe(gateway: string, stream: StreamName): void;
}

/** A dispatcher's end. */
export interface DispatcherPort {
  /** Takes a partition under a fencing token; existing subscriptions of it are told to the inbox. A lower token than the present one is refused. */
  own(partition: number, token: number): boolean;
  disown(partition: number): void;
  send(gateway: string, partition: number, body: LinkBody): void;
  detach(): void;
}

/** How long a gateway waits for a beat before it takes the link for broken; beats come each `BEAT_MS`. */
export const BEAT_MS = 2_000;
export const LINK_SILENCE_MS = 5_000;

/**
 * The registry: which gateway follows which stream, who is here, and the links between dispatchers and gateways.
 *
 * - Bodies sent by one dispatcher to one gateway arrive in order, or a gap shows in their numbers.
 * - What a dispatcher without the partition's present token sends is not delivered.
 * - Everything here is ephemeral: after a new incarnation gateways subscribe again.
 */
export interface Registry extends PresenceDirectory {
  incarnation(): string;
  attachGateway(id: string, inbox: GatewayInbox): GatewayPort;
  attachDispatcher(id: string, inbox: DispatcherInbox): DispatcherPort;
  close(): Promise<void>;
}
