import type { Timer } from '@parley/shared/domain/clock';
import { SESSION_SECONDS, TOUCH_SECONDS } from '../../edge/session.ts';
import type { Deps } from '../../platform/deps.ts';
import type { DeviceNote } from './devices.commands.ts';

/** What a gateway tells of its devices. Neither call waits or fails. */
export interface DeviceWatch {
  /** A device said something over a connection; `cursors` are streams that it has applied up to a rev. */
  said(device: { user_id: string; device_id: string }, connectionId: string, cursors?: Readonly<Record<string, number>>): void;
  /** A connection is over. */
  left(connectionId: string): void;
}

/** A device's cursors are written this often at most. */
export const NOTE_EVERY_MS = 60_000;
const TICK_MS = 5_000;
/** Devices in one command, and in one turn. */
const BATCH = 50;
const TURN = 1_000;
/** Devices that wait to be noted; beyond it those that left are given up, the longest waiting first. */
const MAX_WAITING = 50_000;

interface Noted {
  user_id: string;
  device_id: string;
  cursors: Map<string, number> | null;
  /** When it is noted if it has moved, and if it is only in use; milliseconds. */
  due: number;
  touch: number;
  connections: number;
}

/**
 * Gathers where devices are, and writes it now and then: once a minute for a device that moves, each ten minutes for one that
 * is only connected, and soon after it has left. It is for people who look into a delivery (`parley doctor --person`) and for
 * `last_active_at`: clients go by cursors of their own, so losing some of it in a crash loses nothing.
 */
export class DeviceNotes implements DeviceWatch {
  private readonly devices = new Map<string, Noted>();
  private readonly byConnection = new Map<string, Noted>();
  private timer: Timer | null = null;
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly deps: Pick<Deps, 'store' | 'clock' | 'logger' | 'metrics'>) {}

  start(): void {
    this.timer = this.deps.clock.setTimer(TICK_MS, () => {
      this.writing = this.writing.then(() => this.write(this.due(this.deps.clock.now())));
      this.start();
    });
  }

  /** Resolves when nothing is being written. */
  async settled(): Promise<void> {
    await this.writing;
  }

  /** Writes all that is gathered. */
  async stop(): Promise<void> {
    this.timer?.cancel();
    this.timer = null;
    await this.writing;
    await this.write([...this.devices.values()].filter(({ cursors }) => cursors !== null));
    this.devices.clear();
    this.byConnection.clear();
  }

  said(who: { user_id: string; device_id: string }, connectionId: string, cursors?: Readonly<Record<string, number>>): void {
    const device = this.byConnection.get(connectionId) ?? this.connected(who, connectionId);
    if (!cursors) return;
    for (const stream in cursors) (device.cursors ??= new Map()).set(stream, cursors[stream]!);
  }

  left(connectionId: string): void {
    const device = this.byConnection.get(connectionId);
    if (!device) return;
    this.byConnection.delete(connectionId);
    device.connections--;
    this.drop(device);
    if (this.devices.size > MAX_WAITING) this.giveUp();
  }

  private connected({ user_id, device_id }: { user_id: string; device_id: string }, connectionId: string): Noted {
    const now = this.deps.clock.now();
    const device = this.devices.get(nameOf(user_id, device_id)) ?? { user_id, device_id, cursors: null, due: now + NOTE_EVERY_MS, touch: now + NOTE_EVERY_MS, connections: 0 };
    device.connections++;
    this.devices.set(nameOf(user_id, device_id), device);
    this.byConnection.set(connectionId, device);
    return device;
  }

  /** Nothing is kept of a device that has left once all is noted. */
  private drop(device: Noted): void {
    if (device.connections === 0 && device.cursors === null) this.devices.delete(nameOf(device.user_id, device.device_id));
  }

  private due(now: number): Noted[] {
    const due: Noted[] = [];
    for (const device of this.devices.values()) {
      if (device.touch <= now || (device.cursors !== null && (device.connections === 0 || device.due <= now))) due.push(device);
      if (due.length === TURN) break;
    }
    return due;
  }

  private async write(devices: readonly Noted[]): Promise<void> {
    for (let at = 0; at < devices.length; at += BATCH) {
      const batch = devices.slice(at, at + BATCH);
      const notes = batch.map((device): DeviceNote => ({ user_id: device.user_id, device_id: device.device_id, cursors: Object.fromEntries(device.cursors ?? []) }));
      // What is said while this is written belongs to the next time.
      const taken = batch.map((device) => device.cursors);
      for (const device of batch) device.cursors = null;
      const now = this.deps.clock.now();
      try {
        await this.deps.store.run('devices.note', { notes, touch_us: TOUCH_SECONDS * 1_000_000, lasts_us: SESSION_SECONDS * 1_000_000 });
        this.deps.metrics.count('parley_device_notes_total', batch.length);
        for (const device of batch) [device.due, device.touch] = [now + NOTE_EVERY_MS, now + TOUCH_SECONDS * 1_000];
      } catch (error) {
        this.deps.logger.warn({ error: String(error), devices: batch.length }, 'where devices are was not noted; it is tried again');
        batch.forEach((device, i) => {
          [device.due, device.touch] = [now + NOTE_EVERY_MS, now + NOTE_EVERY_MS];
          if (taken[i]) device.cursors = new Map([...taken[i], ...(device.cursors ?? [])]);
        });
        return;
      }
      for (const device of batch) this.drop(device);
    }
  }

  private giveUp(): void {
    for (const [key, device] of this.devices) {
      if (device.connections > 0) continue;
      this.devices.delete(key);
      this.deps.metrics.count('parley_device_notes_dropped_total');
      return;
    }
  }
}

const nameOf = (userId: string, deviceId: string): string => `${userId} ${deviceId}`;
