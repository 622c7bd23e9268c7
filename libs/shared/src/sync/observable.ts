import type { Readable } from './api.ts';

/**
 * Topics and the values derived from them. `touch` marks values out of date at once, so that `get` is never stale;
 * listeners are told in a later microtask, once for any number of touches.
 */
export class Topics {
  private readonly values = new Map<string, Set<Derived<unknown>>>();
  private waiting = new Set<Derived<unknown>>();
  private scheduled = false;

  touch(...topics: string[]): void {
    for (const topic of topics) {
      for (const value of this.values.get(topic) ?? []) {
        value.expire();
        if (value.watched()) this.waiting.add(value);
      }
    }
    if (this.scheduled || this.waiting.size === 0) return;
    this.scheduled = true;
    void Promise.resolve().then(() => this.tell());
  }

  private tell(): void {
    this.scheduled = false;
    const told = this.waiting;
    this.waiting = new Set();
    for (const value of told) value.tell();
  }

  attach(topic: string, value: Derived<unknown>): void {
    const set = this.values.get(topic) ?? new Set();
    this.values.set(topic, set.add(value));
  }

  detach(topic: string, value: Derived<unknown>): void {
    const set = this.values.get(topic);
    set?.delete(value);
    if (set?.size === 0) this.values.delete(topic);
  }
}

/** A value computed from state that announces its changes by topics. The same reference until a topic is touched. */
export class Derived<T> implements Readable<T> {
  private value: T | undefined;
  private fresh = false;
  private attached = false;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly topics: Topics, private readonly names: readonly string[], private readonly compute: () => T, private readonly onWatched?: () => void) {
    this.attach();
  }

  get(): T {
    if (!this.fresh) {
      this.value = this.compute();
      // One that was let go hears of no changes.
      this.fresh = this.attached;
    }
    return this.value as T;
  }

  subscribe(listener: () => void): () => void {
    this.attach();
    this.listeners.add(listener);
    this.onWatched?.();
    return () => void this.listeners.delete(listener);
  }

  watched(): boolean { return this.listeners.size > 0; }
  expire(): void { this.fresh = false; }
  tell(): void { for (const listener of [...this.listeners]) listener(); }
  dispose(): void {
    this.attached = this.fresh = false;
    for (const name of this.names) this.topics.detach(name, this as Derived<unknown>);
  }

  private attach(): void {
    if (this.attached) return;
    this.attached = true;
    for (const name of this.names) this.topics.attach(name, this as Derived<unknown>);
  }
}

/** Readables by key, so that the same question gets the same readable. Unwatched ones go when there are too many. */
export class Family<T> {
  private readonly members = new Map<string, Derived<T>>();
  constructor(private readonly make: (key: string) => Derived<T>, private readonly limit = 2_000) {}

  of(key: string): Derived<T> {
    const held = this.members.get(key);
    if (held) return held;
    if (this.members.size >= this.limit) this.trim();
    const made = this.make(key);
    this.members.set(key, made);
    return made;
  }

  keys(): string[] { return [...this.members].filter(([, m]) => m.watched()).map(([key]) => key); }

  private trim(): void {
    for (const [key, member] of this.members) {
      if (member.watched()) continue;
      member.dispose();
      this.members.delete(key);
    }
  }
}
