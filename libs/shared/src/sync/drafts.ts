import { uuidv7 } from '../domain/ids.ts';
import type { Draft } from '../protocol/entities.ts';
import type { DraftView } from './api.ts';
import { StorageRefused, type Clock, type KeyValueChange, type KeyValueStore, type Random, type Timer } from './ports.ts';

export const DRAFT_KEEP_MS = 400;
const keyOf = (channelId: string, rootId: string | null): string => `${channelId}/${rootId ?? ''}`;
const placeOf = (key: string): { channelId: string; rootId: string | null } => ({ channelId: key.slice(0, key.indexOf('/')), rootId: key.slice(key.indexOf('/') + 1) || null });

/** The text of one place at this device, and what the server is known to have of it. */
export interface LocalDraft {
  content: string;
  /** What is added to it, by this device's ids where it has some. */
  files: string[];
  /** Given with the first key: the draft's id, and the id of the message that it becomes. */
  clientMsgId: string;
  updatedAt: number;
  /** The server's version that this text was written from; 0: it has none that we know of. */
  version: number;
  /** What the server had at that version, as `toldOf` writes it. */
  sent: string | null;
  /** The server may have it though it never said so. */
  attempted: boolean;
  /** It was written at another device. */
  foreign: boolean;
}

/** What drafts must know of files: their ids at the server and here. */
export interface DraftFiles {
  /** Null while the server has it not. */
  fileIdOf(id: string): string | null;
  localIdOf(fileId: string): string;
}

/** A text with the files that the server has of it, to be compared. */
const toldOf = (content: string, fileIds: readonly string[]): string => (fileIds.length === 0 ? content : `${content}\u0000${fileIds.join()}`);

export interface DraftEvents {
  changed(channelId: string, rootId: string | null): void;
  refused(error: StorageRefused): void;
  /** Something is to be told to the server. */
  toTell(): void;
}

/**
 * Unsent text by channel and thread, kept within a second (SPEC DRF). Texts of other devices come as entities: one that
 * goes on from what is here is taken over, one that does not is kept beside it until the person has chosen.
 */
export class Drafts {
  private readonly drafts = new Map<string, LocalDraft>();
  /** Ids that the server is still to be told to drop. */
  private readonly drops = new Set<string>();
  private readonly dirty = new Set<string>();
  /** Texts that the server took none of, such as those in channels that one has left: kept here, and not told again until something changes. */
  private readonly refused = new Map<string, string>();
  private timer: Timer | null = null;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly durable: KeyValueStore, private readonly clock: Clock, private readonly random: Random, private readonly deviceId: string,
    private readonly remote: () => readonly Draft[], private readonly isGone: (id: string) => boolean, private readonly events: DraftEvents,
    private readonly files: DraftFiles,
  ) {}

  /** `cached` resolves when the entities of other devices' drafts are in memory: both are put together. */
  async load(cached: Promise<unknown>): Promise<void> {
    const [drafts, drops] = await Promise.all([this.durable.range('drafts', '', '\uffff'), this.durable.range('draft_drops', '', '\uffff'), cached]);
    for (const { key, value } of drafts) this.drafts.set(key, { version: 0, sent: null, attempted: false, files: [], foreign: false, ...(value as Partial<LocalDraft> & Pick<LocalDraft, 'content' | 'clientMsgId' | 'updatedAt'>) });
    for (const { key } of drops) this.drops.add(key);
    // The two stores are written apart: what one of them knows, the other may not.
    for (const own of [...this.drafts.values()]) if (this.isGone(own.clientMsgId)) this.gone(own.clientMsgId);
    for (const draft of this.remote()) this.arrived(draft);
    if (this.untold().length > 0 || this.drops.size > 0) this.events.toTell();
  }

  get(channelId: string, rootId: string | null): DraftView | null {
    const key = keyOf(channelId, rootId);
    const own = this.drafts.get(key);
    const others = this.othersOf(key);
    if (!own && others.length === 0) return null;
    return { channelId, rootId, content: own?.content ?? '', files: own?.files ?? [], clientMsgId: own?.clientMsgId ?? '', updatedAt: own?.updatedAt ?? 0, foreign: own?.foreign ?? false, others: others.map((d) => ({ id: d.id, content: d.content, fileIds: d.file_ids, deviceId: d.device_id, updatedAt: Date.parse(d.updated_at) })) };
  }

  /** Every place with a text, latest first. */
  all(): DraftView[] {
    const keys = new Set([...this.drafts.keys(), ...this.remote().filter((d) => !this.drops.has(d.id)).map((d) => keyOf(d.channel_id, d.thread_root_id ?? null))]);
    const at = (view: DraftView): number => Math.max(view.updatedAt, ...view.others.map((o) => o.updatedAt));
    return [...keys].flatMap((key) => this.get(placeOf(key).channelId, placeOf(key).rootId) ?? []).sort((a, b) => at(b) - at(a));
  }

  private othersOf(key: string): Draft[] {
    const own = this.drafts.get(key)?.clientMsgId;
    return this.remote().filter((d) => keyOf(d.channel_id, d.thread_root_id ?? null) === key && d.id !== own && !this.drops.has(d.id)).sort((a, b) => (a.updated_at < b.updated_at ? 1 : -1));
  }

  private fileIds(own: LocalDraft): string[] { return own.files.flatMap((id) => this.files.fileIdOf(id) ?? []); }
  private toldOf(own: LocalDraft): string { return toldOf(own.content, this.fileIds(own)); }
  /** Files that only this device has. */
  private onWay(own: LocalDraft): string[] { return own.files.filter((id) => this.files.fileIdOf(id) === null); }

  /** Ids of all files that some draft still needs. */
  needed(): string[] { return [...this.drafts.values()].flatMap((own) => own.files); }

  addFiles(channelId: string, rootId: string | null, ids: readonly string[]): void {
    const key = keyOf(channelId, rootId);
    const held = this.drafts.get(key) ?? this.fresh('');
    const files = [...held.files, ...ids.filter((id) => !held.files.includes(id))];
    this.drafts.set(key, { ...held, files, updatedAt: this.clock.now(), foreign: false });
    this.mark(key);
    this.events.toTell();
  }
  removeFile(channelId: string, rootId: string | null, id: string): void {
    const key = keyOf(channelId, rootId);
    const held = this.drafts.get(key);
    if (!held?.files.includes(id)) return;
    const files = held.files.filter((one) => one !== id);
    if (held.content === '' && files.length === 0) this.remove(key);
    else this.drafts.set(key, { ...held, files, updatedAt: this.clock.now(), foreign: false });
    this.mark(key);
    this.events.toTell();
  }
  /** The server has a file now, or will not have it: drafts that it belongs to are told anew. */
  fileSettled(id: string): void {
    for (const [key, own] of this.drafts) if (own.files.includes(id)) this.mark(key);
    this.events.toTell();
  }

  /** `base`: the text that the writer saw before; when another device's has come in between, both are kept. */
  set(channelId: string, rootId: string | null, content: string, base?: string): void {
    const key = keyOf(channelId, rootId);
    const held = this.drafts.get(key);
    if ((held?.content ?? '') === content) return;
    const overtaken = base !== undefined && held !== undefined && held.content !== base && this.toldOf(held) === held.sent;
    if (content === '' && (overtaken || held!.files.length === 0)) {
      if (!overtaken) this.remove(key);
    } else if (held && !overtaken) this.drafts.set(key, { ...held, content, updatedAt: this.clock.now(), foreign: false });
    else this.drafts.set(key, this.fresh(content));
    this.mark(key);
    this.events.toTell();
  }

  private fresh = (content: string): LocalDraft => ({ content, files: [], clientMsgId: uuidv7(this.clock, this.random), updatedAt: this.clock.now(), version: 0, sent: null, attempted: false, foreign: false });

  private remove(key: string): void {
    const held = this.drafts.get(key);
    this.drafts.delete(key);
    if (held && (held.version > 0 || held.attempted)) this.drop(held.clientMsgId);
  }

  /** Another device's text is not wanted any more. */
  drop(id: string): void {
    this.drops.add(id);
    this.dirty.add(`drop:${id}`);
    for (const draft of this.remote()) if (draft.id === id) this.events.changed(draft.channel_id, draft.thread_root_id ?? null);
    this.keepSoon();
    this.events.toTell();
  }

  private mark(key: string): void {
    const { channelId, rootId } = placeOf(key);
    this.dirty.add(key);
    this.events.changed(channelId, rootId);
    this.keepSoon();
  }
  private keepSoon(): void { this.timer ??= this.clock.setTimer(DRAFT_KEEP_MS, () => void this.flush()); }

  // ── the other devices ───────────────────────────────────────────────────────────────────────────────────────────

  /** A draft as the server has it, from whichever device. */
  arrived(draft: Draft): void {
    const key = keyOf(draft.channel_id, draft.thread_root_id ?? null);
    const own = this.drafts.get(key);
    const told = { version: draft.version, sent: toldOf(draft.content, draft.file_ids) };
    const files = draft.file_ids.map((id) => this.files.localIdOf(id));
    if (this.drops.has(draft.id)) return;
    if (!own) this.drafts.set(key, { content: draft.content, files, clientMsgId: draft.id, updatedAt: Date.parse(draft.updated_at), attempted: true, foreign: draft.device_id !== this.deviceId, ...told });
    else if (own.clientMsgId === draft.id) {
      if (draft.version < own.version) return;
      if (draft.device_id === this.deviceId || told.sent === this.toldOf(own)) this.drafts.set(key, { ...own, ...told });
      else if (this.toldOf(own) === own.sent) this.drafts.set(key, { ...own, content: draft.content, files: [...files, ...this.onWay(own)], updatedAt: Date.parse(draft.updated_at), foreign: true, ...told });
      else this.fork(key, own);
    }
    this.mark(key);
  }

  /** A draft was sent or dropped somewhere. What was written here since is kept, under an id of its own. */
  gone(id: string): void {
    for (const [key, own] of this.drafts) {
      if (own.clientMsgId !== id) continue;
      if (this.toldOf(own) === own.sent) {
        const left = this.onWay(own);
        if (left.length === 0) this.drafts.delete(key);
        else this.drafts.set(key, { ...this.fresh(''), files: left });
        this.mark(key);
      } else this.fork(key, own);
    }
  }

  private fork(key: string, own: LocalDraft): void {
    this.drafts.set(key, { ...this.fresh(own.content), files: own.files, updatedAt: own.updatedAt });
    this.mark(key);
    this.events.toTell();
  }

  // ── what the server is to be told ───────────────────────────────────────────────────────────────────────────────

  dropped(): string[] { return [...this.drops]; }
  untold(): ({ channelId: string; rootId: string | null; fileIds: string[] } & LocalDraft)[] {
    return [...this.drafts].flatMap(([key, own]) => {
      const told = this.toldOf(own);
      return told === '' || told === own.sent || told === this.refused.get(key) ? [] : [{ ...placeOf(key), ...own, fileIds: this.fileIds(own) }];
    });
  }
  /** What the server took none of there may be taken now. */
  again(channelId: string): void {
    for (const key of this.refused.keys()) if (key.startsWith(`${channelId}/`)) this.refused.delete(key);
    this.events.toTell();
  }
  /** Durable before it is told, so that it is dropped again even when the answer is lost. */
  async attempting(channelId: string, rootId: string | null): Promise<void> {
    const key = keyOf(channelId, rootId);
    const own = this.drafts.get(key);
    if (!own || own.attempted) return;
    this.drafts.set(key, { ...own, attempted: true });
    this.dirty.add(key);
    await this.flush();
  }
  /** The server's answer: it has this text; or it has overtaken it (`conflict`), or takes none of it (`refused`). */
  answered(channelId: string, rootId: string | null, id: string, answer: Draft | { content: string; fileIds: readonly string[]; outcome: 'conflict' | 'refused' }): void {
    if (!('outcome' in answer)) return this.arrived(answer);
    const key = keyOf(channelId, rootId);
    const own = this.drafts.get(key);
    if (own?.clientMsgId !== id) return;
    if (answer.outcome === 'conflict') this.fork(key, own);
    else this.refused.set(key, toldOf(answer.content, answer.fileIds as readonly string[]));
  }
  forgetDrop(id: string): void {
    if (!this.drops.delete(id)) return;
    this.dirty.add(`drop:${id}`);
    this.keepSoon();
  }

  /** The draft became a message: it goes in the same write as the message enters the outbox, so that it is never in both or neither. */
  take(channelId: string, rootId: string | null, clientMsgId: string, keepFiles = false): { changes: KeyValueChange[]; restore(): void } {
    const key = keyOf(channelId, rootId);
    const held = this.drafts.get(key);
    if (held?.clientMsgId !== clientMsgId) return { changes: [], restore: () => {} };
    const told = held.version > 0 || held.attempted;
    const left = keepFiles && held.files.length > 0 ? { ...this.fresh(''), files: held.files } : null;
    if (left) this.drafts.set(key, left);
    else this.drafts.delete(key);
    this.dirty.delete(key);
    if (told) this.drops.add(clientMsgId);
    this.events.changed(channelId, rootId);
    if (told) this.events.toTell();
    return {
      changes: [left ? { collection: 'drafts', key, value: left } : { collection: 'drafts', key, delete: true }, ...(told ? [{ collection: 'draft_drops', key: clientMsgId, value: true }] : [])],
      restore: () => {
        this.drops.delete(clientMsgId);
        if (!this.drafts.has(key) || this.drafts.get(key) === left) this.drafts.set(key, held);
        this.events.changed(channelId, rootId);
      },
    };
  }

  /** A message is unsent text again, before what stands there. Its old id was told as dropped, so it has a new one. */
  giveBack(channelId: string, rootId: string | null, content: string, files: readonly string[] = []): { content: string; changes: KeyValueChange[]; restore(): void } {
    const key = keyOf(channelId, rootId);
    const held = this.drafts.get(key);
    const text = held === undefined || held.content === '' ? content : content === '' ? held.content : `${content}\n\n${held.content}`;
    const next = held ? { ...held, content: text, files: [...files, ...held.files.filter((id) => !files.includes(id))], updatedAt: this.clock.now(), foreign: false } : { ...this.fresh(text), files: [...files] };
    this.drafts.set(key, next);
    this.dirty.delete(key);
    this.events.changed(channelId, rootId);
    this.events.toTell();
    return {
      content: text,
      changes: [{ collection: 'drafts', key, value: next }],
      restore: () => {
        if (held) this.drafts.set(key, held);
        else this.drafts.delete(key);
        this.mark(key);
      },
    };
  }

  /** Everything goes, unwritten text too: the person signed out. */
  forget(): void {
    this.timer?.cancel();
    this.timer = null;
    this.drafts.clear();
    this.drops.clear();
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
        if (key.startsWith('drop:')) return this.drops.has(key.slice(5)) ? { collection: 'draft_drops', key: key.slice(5), value: true } : { collection: 'draft_drops', key: key.slice(5), delete: true };
        const draft = this.drafts.get(key);
        return draft ? { collection: 'drafts', key, value: draft } : { collection: 'drafts', key, delete: true };
      }));
    } catch (error) {
      if (!(error instanceof StorageRefused)) throw error;
      for (const key of keys) this.dirty.add(key);
      this.events.refused(error);
    }
  }
}
