import type { PresenceNotice, TypingNotice } from '../protocol/frames.ts';
import type * as z from 'zod/mini';
import type { Topics } from './observable.ts';
import type { Clock, Timer } from './ports.ts';

export const TYPING_SHOWN_MS = 6_000;
export const TYPING_EVERY_MS = 3_000;
type Presence = 'online' | 'away' | 'dnd' | 'offline';

/** Who types and who is here: never kept, forgotten with the connection. */
export class Ephemeral {
  private readonly typists = new Map<string, Map<string, Timer>>();
  private readonly present = new Map<string, Presence>();
  private readonly told = new Map<string, number>();

  constructor(private readonly clock: Clock, private readonly topics: Topics) {}

  typing(channelId: string, rootId: string | null): readonly string[] { return [...(this.typists.get(`${channelId}/${rootId ?? ''}`)?.keys() ?? [])]; }
  presence(userId: string): Presence { return this.present.get(userId) ?? 'offline'; }

  onTyping(notice: z.infer<typeof TypingNotice>): void {
    const key = `${notice.channel_id}/${notice.parent_message_id ?? ''}`;
    const typists = this.typists.get(key) ?? new Map<string, Timer>();
    this.typists.set(key, typists);
    typists.get(notice.user_id)?.cancel();
    typists.set(notice.user_id, this.clock.setTimer(TYPING_SHOWN_MS, () => this.stopped(key, notice.user_id)));
    this.topics.touch(`typing:${key}`);
  }

  /** What somebody typed has arrived. */
  arrived(channelId: string, rootId: string | null, userId: string): void { this.stopped(`${channelId}/${rootId ?? ''}`, userId); }

  private stopped(key: string, userId: string): void {
    const typists = this.typists.get(key);
    const timer = typists?.get(userId);
    if (!typists || !timer) return;
    timer.cancel();
    typists.delete(userId);
    if (typists.size === 0) this.typists.delete(key);
    this.topics.touch(`typing:${key}`);
  }

  onPresence(notice: z.infer<typeof PresenceNotice>): void {
    this.present.set(notice.user_id, notice.state);
    this.topics.touch(`presence:${notice.user_id}`);
  }

  /** True when it is time to tell the others again that one types. */
  mayTell(channelId: string, rootId: string | null): boolean {
    const key = `${channelId}/${rootId ?? ''}`;
    const now = this.clock.now();
    if (now - (this.told.get(key) ?? -Infinity) < TYPING_EVERY_MS) return false;
    this.told.clear();
    this.told.set(key, now);
    return true;
  }

  clear(): void {
    for (const [key, typists] of this.typists) {
      for (const timer of typists.values()) timer.cancel();
      this.topics.touch(`typing:${key}`);
    }
    this.typists.clear();
    const people = [...this.present.keys()];
    this.present.clear();
    this.topics.touch(...people.map((id) => `presence:${id}`));
  }
}
