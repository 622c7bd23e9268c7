import { fraction } from '../domain/random.ts';
import type { File } from '../protocol/entities.ts';
import type { AttachedFile, UploadState, UploadView } from './api.ts';
import type { SendFiles } from './outbox.ts';
import { StorageRefused, type Clock, type KeyValueChange, type KeyValueStore, type Random, type Timer, type UploadOutcome, type UploadPort } from './ports.ts';

const AT_ONCE = 3;
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 60_000;
/** What nothing refers to any more is forgotten so long after. */
const SWEEP_MS = 1_000;

/** Where files cannot be carried: each of them is lost. */
export const NO_UPLOADS: UploadPort = {
  keep: async () => false,
  upload: () => ({ done: Promise.resolve({ kind: 'lost' }), stop: () => {} }),
  drop: async () => {},
  retain: async () => {},
};

interface UploadRecord extends AttachedFile {
  channelId: string;
  at: number;
  /** The bytes survive a restart. */
  kept: boolean;
  url: string | null;
  /** As it was when it last stopped. */
  sent: number;
  /** The server has it. */
  file: File | null;
  refused: { code: string; detail: string } | null;
}
interface Item { record: UploadRecord; run: { stop(): void } | null; lost: boolean; attempt: number; retryAt: number; sent: number }

export interface UploadEvents {
  /** What is shown of one changed. */
  changed(id: string): void;
  /** The server has it, or it will not get it by itself: drafts and sends that carry it may go on. */
  settled(id: string): void;
  refused(error: StorageRefused): void;
  signedOut(): void;
  /** Ids that drafts and sends still refer to. */
  needed(): readonly string[];
}

/**
 * Files on their way to the server (SPEC UPL): from when they are added until the message that carries them is there.
 * Three go at once, in the order in which they were added; what was cut is gone on with where it stopped.
 */
export class Uploads implements SendFiles {
  private readonly items = new Map<string, Item>();
  private running = false;
  private timer: Timer | null = null;
  private sweepTimer: Timer | null = null;

  constructor(private readonly durable: KeyValueStore, private readonly port: UploadPort, private readonly clock: Clock, private readonly random: Random, private readonly events: UploadEvents) {}

  async load(): Promise<void> {
    for (const { value } of await this.durable.range('uploads', '', '\uffff')) {
      const record = value as UploadRecord;
      this.items.set(record.id, { record, run: null, lost: !record.kept && record.file === null, attempt: 0, retryAt: 0, sent: record.sent });
    }
  }

  /** Drafts and outbox are in memory too: what neither of them knows is left over from a crash. */
  async begin(): Promise<void> {
    const needed = new Set(this.events.needed());
    const left = [...this.items.keys()].filter((id) => !needed.has(id));
    for (const id of left) this.items.delete(id);
    await this.durable.write(left.map((id): KeyValueChange => ({ collection: 'uploads', key: id, delete: true }))).catch((error: unknown) => this.storageRefused(error));
    await this.port.retain([...this.items.keys()]);
  }

  has(id: string): boolean { return this.items.has(id); }
  fileIdOf(id: string): string | null {
    const item = this.items.get(id);
    return item ? (item.record.file?.id ?? null) : id;
  }
  /** By which id this device knows a file of the server. */
  localIdOf(fileId: string): string {
    for (const { record } of this.items.values()) if (record.file?.id === fileId) return record.id;
    return fileId;
  }
  stuck(id: string): 'refused' | 'lost' | null {
    const item = this.items.get(id);
    if (!item || item.record.file) return null;
    return item.record.refused ? 'refused' : item.lost ? 'lost' : null;
  }

  view(id: string): UploadView | null {
    const item = this.items.get(id);
    if (!item) return null;
    const { name, size, mime, width, height, thumbhash } = item.record;
    return { id, name, size, mime, ...(width !== undefined && { width }), ...(height !== undefined && { height }), ...(thumbhash !== undefined && { thumbhash }), state: this.stateOf(item) };
  }

  private stateOf(item: Item): UploadState {
    const { record } = item;
    if (record.file) return { kind: 'done', file: record.file };
    if (record.refused) return { kind: 'refused', ...record.refused };
    if (item.lost) return { kind: 'lost' };
    if (item.run) return { kind: 'sending', sent: item.sent };
    if (item.attempt > 0 || item.sent > 0 || !this.running) return { kind: 'stopped', sent: item.sent, retryAt: this.running && item.retryAt > this.clock.now() ? item.retryAt : null };
    return { kind: 'waiting' };
  }

  /** Shown and begun at once; resolves when the bytes are kept, or cannot be. */
  async add(channelId: string, file: AttachedFile, source: unknown): Promise<void> {
    if (this.items.has(file.id)) return;
    const record: UploadRecord = { ...file, channelId, at: this.clock.now(), kept: false, url: null, sent: 0, file: null, refused: null };
    const item: Item = { record, run: null, lost: false, attempt: 0, retryAt: 0, sent: 0 };
    this.items.set(file.id, item);
    this.events.changed(file.id);
    await this.take(item, source);
  }

  private async take(item: Item, source: unknown): Promise<void> {
    const keeping = this.port.keep(item.record.id, source).catch(() => false);
    const noted = this.put(item, {});
    this.pump();
    await noted;
    const kept = await keeping;
    if (kept && this.items.get(item.record.id) === item) await this.put(item, { kept: true });
  }

  /** The person added the bytes of a lost one again. */
  async supply(id: string, source: unknown): Promise<void> {
    const item = this.items.get(id);
    if (!item || item.record.file) return;
    item.lost = false;
    item.retryAt = 0;
    await this.take(item, source);
    this.events.settled(id);
  }

  async resume(id: string): Promise<void> {
    const item = this.items.get(id);
    if (!item || item.run || item.record.file) return;
    item.retryAt = 0;
    // One that was refused starts anew: what the server took of it is gone.
    if (item.record.refused) {
      item.sent = 0;
      await this.put(item, { refused: null, url: null, sent: 0 });
    }
    this.events.changed(id);
    this.events.settled(id);
    this.pump();
  }

  private async put(item: Item, change: Partial<UploadRecord>): Promise<void> {
    item.record = { ...item.record, ...change };
    await this.durable.write([{ collection: 'uploads', key: item.record.id, value: item.record }]).catch((error: unknown) => this.storageRefused(error));
  }
  private storageRefused(error: unknown): void {
    if (!(error instanceof StorageRefused)) throw error;
    this.events.refused(error);
  }

  setRunning(running: boolean): void {
    if (this.running === running) return;
    this.running = running;
    if (running) return this.wake();
    this.timer?.cancel();
    for (const item of this.items.values()) item.run?.stop();
    for (const id of this.items.keys()) this.events.changed(id);
  }
  wake(): void {
    for (const item of this.items.values()) item.retryAt = 0;
    this.pump();
  }

  private pump(): void {
    if (!this.running) return;
    this.timer?.cancel();
    let free = AT_ONCE - [...this.items.values()].filter((i) => i.run).length;
    let earliest = Infinity;
    const now = this.clock.now();
    for (const item of this.items.values()) {
      if (item.run || item.record.file || item.record.refused || item.lost) continue;
      if (item.retryAt > now) earliest = Math.min(earliest, item.retryAt);
      else if (free-- > 0) void this.run(item);
    }
    if (earliest < Infinity) this.timer = this.clock.setTimer(earliest - now, () => this.pump());
  }

  private async run(item: Item): Promise<void> {
    const { id, name, size, mime, channelId, url } = item.record;
    const run = this.port.upload({ id, name, size, mime, channelId, url }, {
      progress: (sent) => {
        if (item.run !== run || item.sent === sent) return;
        item.sent = sent;
        this.events.changed(id);
      },
      url: (next) => { if (this.items.get(id) === item && item.record.url !== next) void this.put(item, { url: next }); },
    });
    item.run = run;
    this.events.changed(id);
    const outcome = await run.done;
    item.run = null;
    if (this.items.get(id) !== item) return this.pump();
    await this.ended(item, outcome);
    this.events.changed(id);
    this.pump();
  }

  private async ended(item: Item, outcome: UploadOutcome): Promise<void> {
    const { id } = item.record;
    if (outcome.kind === 'ok') {
      // Known before it is kept: after a crash in between it is carried again, and the server's spare copy is collected.
      await this.put(item, { file: outcome.file, url: null });
      return this.events.settled(id);
    }
    if (outcome.kind === 'lost') {
      item.lost = true;
      item.sent = 0;
      await this.put(item, { kept: false, url: null, sent: 0 });
      return this.events.settled(id);
    }
    if (outcome.kind === 'problem' && outcome.problem.status === 401) return this.events.signedOut();
    if (outcome.kind === 'problem' && outcome.problem.status < 500 && outcome.problem.status !== 429) {
      await this.put(item, { refused: { code: outcome.problem.code, detail: outcome.problem.detail ?? outcome.problem.title } });
      return this.events.settled(id);
    }
    item.attempt += 1;
    const full = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(item.attempt - 1, 10));
    item.retryAt = this.clock.now() + ((outcome.kind === 'problem' ? outcome.retryAfterMs : null) ?? full / 2 + (full / 2) * fraction(this.random));
    await this.put(item, { sent: item.sent });
  }

  /** Something may have let go of a file. */
  sweepSoon(): void {
    if (this.items.size === 0) return;
    this.sweepTimer ??= this.clock.setTimer(SWEEP_MS, () => {
      this.sweepTimer = null;
      void this.sweep();
    });
  }

  private async sweep(): Promise<void> {
    const needed = new Set(this.events.needed());
    const left = [...this.items.values()].filter(({ record }) => !needed.has(record.id));
    if (left.length === 0) return;
    for (const item of left) {
      this.items.delete(item.record.id);
      item.run?.stop();
      this.events.changed(item.record.id);
    }
    const ids = left.map((item) => item.record.id);
    await this.durable.write(ids.map((id): KeyValueChange => ({ collection: 'uploads', key: id, delete: true }))).catch((error: unknown) => this.storageRefused(error));
    await this.port.drop(ids);
    this.pump();
  }

  stop(): void {
    this.setRunning(false);
    this.sweepTimer?.cancel();
  }

  /** The person signed out: the bytes go too. */
  async forget(): Promise<void> {
    this.stop();
    this.items.clear();
    await this.port.retain([]);
  }
}
