import { uuidv7 } from '../domain/ids.ts';
import type { DraftView } from './api.ts';
import { StorageRefused, type Clock, type KeyValueChange, type KeyValueStore, type Random, type Timer } from './ports.ts';

export const DRAFT_KEEP_MS = 400;
const keyOf = (channelId: string, rootId: string | null): string => `${channelId}/${rootId ?? ''}`;

/** Unsent text by channel and thread, kept within a second (SPEC DRF). */
export class Drafts {
  private readonly drafts = new Map<string, DraftView>();
  private readonly dirty = new Set<string>();
  private timer: Timer | null = null;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly durable: KeyValueStore, private readonly clock: Clock, private readonly random: Random,
    private readonly changed: (channelId: string, rootId: string | null) => void, private readonly refused: (error: StorageRefused) => void,
  ) {}

  async load(): Promise<void> {
    for (const { key, value } of await this.durable.range('drafts', '', '\uffff')) this.drafts.set(key, value as DraftView);
  }

  get(channelId: string, rootId: string | null): DraftView | null { return this.drafts.get(keyOf(channelId, rootId)) ?? null; }

  set(channelId: string, rootId: string | null, content: string): void {
    const key = keyOf(channelId, rootId);
    const held = this.drafts.get(key);
    if ((held?.content ?? '') === content) return;
    if (content === '') this.drafts.delete(key);
    else this.drafts.set(key, { content, clientMsgId: held?.clientMsgId ?? uuidv7(this.clock, this.random), updatedAt: this.clock.now() });
    this.dirty.add(key);
    this.changed(channelId, rootId);
    this.timer ??= this.clock.setTimer(DRAFT_KEEP_MS, () => void this.flush());
  }

  /** The draft became a message: it goes in the same write as the message enters the outbox, so that it is never in both or neither. */
  take(channelId: string, rootId: string | null, clientMsgId: string): { changes: KeyValueChange[]; restore(): void } {
    const key = keyOf(channelId, rootId);
    const held = this.drafts.get(key);
    if (held?.clientMsgId !== clientMsgId) return { changes: [], restore: () => {} };
    this.drafts.delete(key);
    this.dirty.delete(key);
    this.changed(channelId, rootId);
    return {
      changes: [{ collection: 'drafts', key, delete: true }],
      restore: () => {
        if (!this.drafts.has(key)) this.drafts.set(key, held);
        this.changed(channelId, rootId);
      },
    };
  }

  /** Everything goes, unwritten text too: the person signed out. */
  forget(): void {
    this.timer?.cancel();
    this.timer = null;
    this.drafts.clear();
    this.dirty.clear();
  }

  async flush(): Promise<void> {
    this.timer?.cancel();
    this.timer = null;
    this.writing = this.writing.then(() => this.write());
    await this.writing;
  }

  private async write(): Promise<void> {
    const keys = [...this.dirty];
    if (keys.length === 0) return;
    this.dirty.clear();
    try {
      await this.durable.write(keys.map((key): KeyValueChange => {
        const draft = this.drafts.get(key);
        return draft ? { collection: 'drafts', key, value: draft } : { collection: 'drafts', key, delete: true };
      }));
    } catch (error) {
      if (!(error instanceof StorageRefused)) throw error;
      for (const key of keys) this.dirty.add(key);
      this.refused(error);
    }
  }
}
