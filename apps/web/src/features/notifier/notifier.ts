import { decide, type NotifyDevice, type NotifyEvent } from '@parley/shared/domain/notify';
import { eventOfEntry } from '@parley/shared/domain/notify-entry';
import { readNotifyPreferences } from '@parley/shared/domain/notify-preferences';
import { quietUntil } from '@parley/shared/domain/quiet-hours';
import type { InboxEntry, Message } from '@parley/shared/protocol/entities';
import type { ChannelView } from '@parley/shared/sync/api';
import { isOver, keyOf, type Note, type NoteItem } from './notes.ts';

/** The person's state as the engine has it. */
export interface Seen {
  live: boolean;
  entries: readonly InboxEntry[];
  channels: readonly ChannelView[];
  preferences: Readonly<Record<string, unknown>>;
}

export interface NotifierMeans {
  me: string;
  now(): number;
  /** Runs later; answers the way to call it off. */
  after(ms: number, run: () => void): () => void;
  show(note: Note): void;
  close(tag: string): void;
  /** Those of earlier pages of this browser that still stand. */
  standing(): Promise<readonly Pick<Note, 'tag' | 'items'>[]>;
  /** A message, or without an id the newest of the channel; null when it cannot be had. */
  message(channelId: string, messageId: string | null): Promise<Message | null>;
  device(place: { channelId: string; rootId: string | null }): NotifyDevice;
  /** The person's other devices, as far as they are known. */
  others(): readonly NotifyDevice[];
  words: NoteWords;
  pathOf(view: ChannelView | null, entry: { channelId: string; messageId?: string | undefined; rootId?: string | undefined }): string;
  activityPath(workspaceId: string): string;
  /** Where what could not be sent lies. */
  draftsPath(workspaceId: string): string;
}

/** What a notification says, in the person's language. */
export interface NoteWords {
  name(view: ChannelView | null): Promise<string>;
  said(entry: InboxEntry | null, who: readonly string[], channel: string): Promise<string>;
  text(message: Message): string;
  many(n: number, channel: string): string;
  away(mentions: number, channels: number): string;
  hidden(): string;
}

const BUNDLE_MS = 10_000;
const SOUND_EVERY_MS = 3_000;
const OLD_MS = 2 * 60_000;
const SILENCED_MAX = 200;
/** What a timer of a browser holds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** RED-1 marks what is looked at within half a second; what is unread after this was not in view. */
const READING_MS = 1_500;

interface Fact { item: NoteItem; event: NotifyEvent; entry: InboxEntry | null; view: ChannelView | null; channelId: string; message: Message | null }

/** Turns news of the inbox and of channels into notifications, and takes them back. Only one tab runs it (NTF-8). */
export class Notifier {
  private seen: Seen | null = null;
  private known: ReadonlySet<string> | null = null;
  private heads = new Map<string, number>();
  private readonly notes = new Map<string, readonly NoteItem[]>();
  private readonly waiting = new Set<() => void>();
  private recent = new Map<string, { tag: string; at: number; items: readonly NoteItem[] }>();
  private soundAt = Number.NEGATIVE_INFINITY;
  private ended = false;
  /** What do not disturb kept silent, for the one summary at its end. */
  private silenced: InboxEntry[] = [];

  constructor(private readonly means: NotifierMeans) {}

  async start(): Promise<void> {
    for (const note of await this.means.standing()) if (!this.notes.has(note.tag)) this.notes.set(note.tag, note.items);
    this.withdraw();
  }

  stop(): void {
    this.ended = true;
    for (const end of this.waiting) end();
    this.waiting.clear();
  }

  /** With every change. What is there when one comes is no news, so nothing is told of it. */
  update(next: Seen): void {
    if (!next.live) {
      // What was read meanwhile is taken back; news wait until all of them are there.
      if (this.seen !== null) this.seen = next;
      return this.withdraw();
    }
    const first = this.known === null;
    const known = this.known ?? new Set<string>();
    this.seen = next;
    this.quietEnds();
    this.known = new Set(next.entries.map(keyOf));
    const heads = this.heads;
    this.heads = new Map(next.channels.map((view) => [view.id, view.headSeq]));
    this.withdraw();
    if (first) return;
    const now = this.means.now();
    const fresh = next.entries.filter((entry) => !entry.read && !known.has(keyOf(entry)));
    const old = fresh.filter((entry) => now - Date.parse(entry.at) > OLD_MS);
    if (old.length > 0) void this.summary(old);
    for (const entry of fresh) if (!old.includes(entry)) void this.entry(entry);
    const chosen = readNotifyPreferences(next.preferences);
    for (const view of next.channels) {
      const before = heads.get(view.id);
      if (before === undefined || view.headSeq <= before || !view.membership || view.membership.muted || !view.unread) continue;
      if (view.lastMessageAt !== null && now - Date.parse(view.lastMessageAt) > OLD_MS) continue;
      const level = view.membership.level === 'default' ? chosen.level : view.membership.level;
      const direct = view.channel.kind === 'dm' || view.channel.kind === 'group_dm';
      if (!direct && level !== 'nothing' && (level === 'all' || chosen.keywords.length > 0)) void this.channel(view);
    }
  }

  private async entry(entry: InboxEntry): Promise<void> {
    // A scheduled message that could not be sent names no channel.
    const channelId = entry.channel_id ?? (entry.scheduled_id === undefined ? undefined : '');
    if (channelId === undefined) return;
    const message = entry.message_id === undefined ? null : await this.means.message(channelId, entry.message_id);
    const event = eventOfEntry(entry, message, this.means.me);
    if (event === null) return;
    this.consider({ item: { entry: entry.id, key: keyOf(entry) }, event, entry, view: this.view(channelId), channelId, message }, entry.thread_root_id);
  }

  private async channel(view: ChannelView): Promise<void> {
    const message = await this.means.message(view.id, null);
    // Those of the inbox come as entries; a pointer only says that something is unread.
    if (message === null || message.deleted || message.parent_message_id !== null || this.seen?.entries.some((entry) => entry.message_id === message.id && entry.kind !== 'reaction' && entry.kind !== 'pointer')) return;
    const { everyone, user_ids } = message.mentions;
    if (everyone !== 'none' || user_ids.includes(this.means.me)) return;
    const event: NotifyEvent = { kind: 'message', by: message.author_id, at: Date.parse(message.created_at), text: message.content };
    this.consider({ item: { channelId: view.id, seq: message.seq }, event, entry: null, view, channelId: view.id, message }, null);
  }

  private consider(fact: Fact, rootId: string | null, looked = false): void {
    if (this.ended || this.over([fact.item])) return;
    const now = this.means.now();
    const device = this.means.device({ channelId: fact.channelId, rootId: fact.entry?.in_channel ? null : rootId });
    if (device.looking && device.inFront && !looked) return this.later(READING_MS, () => this.consider(fact, rootId, true));
    const setting = this.view(fact.channelId)?.membership ?? (fact.event.kind === 'invitation' || fact.event.kind === 'send_failed' ? { level: 'default' as const, muted: false } : null);
    const decision = decide(fact.event, this.means.me, setting, { following: fact.entry?.kind === 'thread' }, this.seen!.preferences, now, [{ ...device, looking: false }, ...this.means.others()]);
    const quiet = decision.why.find((reason) => reason.rule === 'dnd');
    if (quiet !== undefined && fact.entry !== null) {
      this.silenced = [...this.silenced.filter((one) => one.id !== fact.entry!.id), fact.entry].slice(-SILENCED_MAX);
      const ms = (quiet.until ?? Number.POSITIVE_INFINITY) - now;
      if (ms <= LONGEST_TIMER_MS) this.later(ms, () => this.quietEnds());
    }
    if (!decision.toast) return;
    if (decision.toastAfterMs > 0) this.later(decision.toastAfterMs, () => void this.tell(fact, decision.sound));
    else void this.tell(fact, decision.sound);
  }

  private async tell(fact: Fact, sound: boolean): Promise<void> {
    const { words } = this.means;
    const { preview } = readNotifyPreferences(this.seen!.preferences);
    const name = await words.name(fact.view);
    const said = preview === 'none' ? words.hidden() : await words.said(fact.entry, fact.event.by === null ? [] : (fact.entry?.actor_ids ?? [fact.event.by]), name);
    // It may have been read, or taken back, while names were fetched.
    if (this.ended || this.over([fact.item])) return;
    const now = this.means.now();
    const last = this.recent.get(fact.channelId);
    const bundled = last !== undefined && now - last.at < BUNDLE_MS && this.notes.has(last.tag) ? last : null;
    const items = [...(bundled?.items ?? []).filter((item) => !this.over([item]) && !same(item, fact.item)), fact.item];
    const tag = bundled?.tag ?? `${fact.channelId} ${now}`;
    this.recent.set(fact.channelId, { tag, at: now, items });
    const path = fact.event.kind === 'send_failed' ? this.means.draftsPath(this.seen!.channels[0]?.workspaceId ?? '') : this.means.pathOf(fact.view, { channelId: fact.channelId, messageId: fact.message?.id ?? fact.entry?.message_id, rootId: fact.entry?.thread_root_id ?? undefined });
    const body = preview === 'full' && fact.message !== null ? words.text(fact.message) : '';
    this.put({ tag, title: items.length > 1 && preview !== 'none' ? words.many(items.length, name) : said, body, silent: !this.sounds(sound, now), path, items, ...(fact.message !== null && items.length === 1 && { reads: { channel_id: fact.channelId, message_id: fact.message.id, ...(rootOf(fact) !== null && { thread_root_id: rootOf(fact)! }) } }) });
  }

  /** NTF-3: once do not disturb is over, one for all that came meanwhile and is still unread. */
  private quietEnds(): void {
    if (this.silenced.length === 0 || quietUntil(readNotifyPreferences(this.seen!.preferences).dnd, this.means.now()) !== null) return;
    const waiting = this.silenced.filter((entry) => !this.over([{ entry: entry.id, key: keyOf(entry) }]));
    this.silenced = [];
    if (waiting.length > 0) void this.summary(waiting);
  }

  /** After catching up: one for everything that is not of now. */
  private async summary(old: readonly InboxEntry[]): Promise<void> {
    const now = this.means.now();
    const facts = old.filter((entry) => entry.kind === 'mention' || entry.kind === 'dm' || entry.kind === 'thread' || entry.kind === 'keyword').filter((entry) => {
      const setting = entry.channel_id === undefined ? null : (this.view(entry.channel_id)?.membership ?? null);
      const device = this.means.device({ channelId: entry.channel_id ?? '', rootId: entry.thread_root_id });
      return decide({ kind: 'message', by: entry.actor_ids[0] ?? null, at: Date.parse(entry.at), named: entry.kind === 'mention' || entry.kind === 'keyword', direct: entry.kind === 'dm', reply: entry.kind === 'thread' ? 'thread' : 'none' }, this.means.me, setting, { following: true }, this.seen!.preferences, now, [{ ...device, looking: false }]).toast;
    });
    if (facts.length === 0) return;
    const workspaceId = facts.map((entry) => this.view(entry.channel_id ?? '')?.workspaceId).find((id) => id !== undefined) ?? '';
    const channels = new Set(facts.map((entry) => entry.channel_id)).size;
    this.put({ tag: 'away', title: this.means.words.away(facts.length, channels), body: '', silent: true, path: this.means.activityPath(workspaceId), items: facts.map((entry) => ({ entry: entry.id, key: keyOf(entry) })) });
  }

  private put(note: Note): void {
    this.notes.set(note.tag, note.items);
    this.means.show(note);
  }

  private sounds(wanted: boolean, now: number): boolean {
    if (!wanted || now - this.soundAt < SOUND_EVERY_MS) return false;
    this.soundAt = now;
    return true;
  }

  private withdraw(): void {
    if (this.seen === null) return;
    for (const [tag, items] of this.notes) {
      if (!this.over(items)) continue;
      this.notes.delete(tag);
      this.means.close(tag);
    }
  }

  private later(ms: number, run: () => void): void {
    const end = this.means.after(ms, () => {
      this.waiting.delete(end);
      run();
    });
    this.waiting.add(end);
  }

  private over(items: readonly NoteItem[]): boolean {
    return this.seen !== null && isOver(items, this.seen.entries, (id) => this.view(id));
  }
  private view(channelId: string): ChannelView | null {
    return this.seen?.channels.find((view) => view.id === channelId) ?? null;
  }
}

/** The thread whose reading reads it; null for what reading the channel reads. */
const rootOf = (fact: Fact): string | null => (fact.entry === null || fact.entry.in_channel ? null : fact.entry.thread_root_id);
const same = (a: NoteItem, b: NoteItem): boolean => JSON.stringify(a) === JSON.stringify(b);
