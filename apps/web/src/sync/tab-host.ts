import type { Engine, Readable, Timeline } from '@parley/shared/sync/api';
import type { Path } from './wire.ts';

/** Methods that tabs may call by name; everything else is refused. */
const METHODS = new Set<keyof Engine>(['signOut', 'send', 'unsend', 'schedule', 'reschedule', 'unschedule', 'edit', 'delete', 'react', 'retry', 'discard', 'attach', 'attachStored', 'detach', 'resumeUpload', 'supply', 'sendWithout', 'read', 'markUnread', 'setDraft', 'dropDraft', 'flushDrafts', 'save', 'unsave', 'pin', 'setPreference', 'markInbox', 'putSection', 'dropSection', 'followThread', 'setChannelLevel', 'setTyping', 'searchCached', 'wake', 'setOnline']);
const TIMELINE_METHODS = new Set<keyof Timeline>(['loadBefore', 'loadAfter', 'loadAround', 'loadNewest']);

interface Tab { timelines: Map<string, Timeline>; watches: Map<number, () => void>; active: boolean; looked: readonly string[] }

/** The engine as all tabs of the account use it, the leading one included: what one tab alone decides is put together here. */
export class TabHost {
  private readonly tabs = new Map<string, Tab>();
  constructor(readonly engine: Engine) {}

  private tab(id: string): Tab {
    const held = this.tabs.get(id);
    if (held) return held;
    const made: Tab = { timelines: new Map(), watches: new Map(), active: true, looked: [] };
    this.tabs.set(id, made);
    return made;
  }

  readable(tabId: string, path: Path): Readable<unknown> {
    const { engine } = this;
    switch (path[0]) {
      case 'connection': case 'storage': case 'me': case 'workspaces': case 'outbox': return engine[path[0]];
      case 'threads': case 'drafts': case 'saved': case 'scheduled': case 'inbox': case 'sections': case 'preferences': return engine[path[0]]();
      case 'channels': case 'channel': case 'user': case 'presence': case 'thread': case 'savedOf': case 'upload': return engine[path[0]](path[1]);
      case 'groups': case 'group': case 'customEmoji': return engine[path[0]](path[1]);
      case 'typing': case 'draft': return engine[path[0]](path[1], path[2]);
      case 'timeline': return this.timeline(tabId, path[1], path[2], path[3]);
    }
  }

  private timeline(tabId: string, id: string, channelId: string, rootId: string | null): Timeline {
    const tab = this.tab(tabId);
    const held = tab.timelines.get(id);
    if (held) return held;
    const made = this.engine.timeline(channelId, rootId);
    tab.timelines.set(id, made);
    return made;
  }

  watch(tabId: string, id: number, path: Path, onValue: (value: unknown) => void): void {
    this.unwatch(tabId, id);
    const readable = this.readable(tabId, path);
    const end = readable.subscribe(() => onValue(readable.get()));
    this.tab(tabId).watches.set(id, end);
    onValue(readable.get());
  }

  unwatch(tabId: string, id: number): void {
    const { watches } = this.tab(tabId);
    watches.get(id)?.();
    watches.delete(id);
  }

  async invoke(tabId: string, method: string, args: unknown[]): Promise<unknown> {
    const tab = this.tab(tabId);
    if (method === 'setActive') {
      tab.active = args[0] === true;
      return this.engine.setActive([...this.tabs.values()].some((t) => t.active));
    }
    if (method === 'look') {
      tab.looked = args[0] as string[];
      return this.engine.look([...new Set([...this.tabs.values()].flatMap((t) => t.looked))]);
    }
    if (method.startsWith('timeline.')) {
      const [id, channelId, rootId, ...rest] = args as [string, string, string | null, ...unknown[]];
      const name = method.slice(9) as keyof Timeline | 'close';
      if (name === 'close') {
        tab.timelines.get(id)?.close();
        return void tab.timelines.delete(id);
      }
      if (!TIMELINE_METHODS.has(name)) throw new TypeError(`no method ${method}`);
      const timeline = this.timeline(tabId, id, channelId, rootId);
      return (timeline[name] as (...a: unknown[]) => unknown).apply(timeline, rest);
    }
    if (!METHODS.has(method as keyof Engine)) throw new TypeError(`no method ${method}`);
    return (this.engine[method as keyof Engine] as (...a: unknown[]) => unknown).apply(this.engine, args);
  }

  /** A tab is gone: nothing is on its screen any more. */
  leave(tabId: string): void {
    const tab = this.tabs.get(tabId);
    if (!tab) return;
    for (const end of tab.watches.values()) end();
    for (const timeline of tab.timelines.values()) timeline.close();
    this.tabs.delete(tabId);
    this.engine.setActive([...this.tabs.values()].some((t) => t.active));
    this.engine.look([...new Set([...this.tabs.values()].flatMap((t) => t.looked))]);
  }
}
