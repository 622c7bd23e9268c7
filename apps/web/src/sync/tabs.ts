import type { Engine } from '@parley/shared/sync/api';
import { StorageRefused } from '@parley/shared/sync/ports';
import { TabEngine, type Backend } from './tab-engine.ts';
import { TabHost } from './tab-host.ts';
import type { Path, TabMessage } from './wire.ts';

/** What of the browser the tabs need: Web Locks and a BroadcastChannel. */
export interface TabMeans {
  /** Runs `work` while holding the lock, which is free again when it settles or this tab is gone. */
  lock(name: string, work: () => Promise<void>): Promise<void>;
  post(message: TabMessage): void;
  listen(listener: (message: TabMessage) => void): () => void;
  newId(): string;
}

/**
 * One engine for all tabs of an account (SPEC TAB). Who holds the lock leads: runs the engine and serves the others. When
 * it is gone the browser gives the lock to the next, which starts from the same databases; the followers then say again
 * what they watch and what they have not been answered. `onFollowing` is told when this tab has found another that leads.
 */
export function shareEngine(accountId: string, means: TabMeans, openEngine: () => Promise<Engine>, onFollowing: () => void = () => {}): Engine {
  const self = means.newId();
  const face = new TabEngine(accountId, means.newId);
  let host: TabHost | null = null;
  let ended = false;
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => { release = resolve; });
  const remote = new RemoteBackend(self, means);

  /** This tab takes no part any more: a later sign-in in it begins anew, and must not find the ended engine leading. */
  const leave = (): void => {
    ended = true;
    release();
  };

  const lead = async (): Promise<void> => {
    if (ended) return;
    const engine = await openEngine();
    await engine.start();
    host = new TabHost(engine);
    const current = host;
    remote.adopt(current);
    face.use(localBackend(current, self));
    means.post({ kind: 'leader', leader: self });
    await held;
    host = null;
    await engine.stop();
  };

  const serve = (message: TabMessage): void => {
    const current = host;
    if (!current) return;
    switch (message.kind) {
      case 'who_leads':
        means.post({ kind: 'leader', leader: self });
        // A tab's own lock is free when the tab is gone, however it went.
        return void means.lock(`parley-tab-${message.tab}`, async () => current.leave(message.tab));
      case 'watch': return current.watch(message.tab, message.id, message.path, (value) => means.post({ kind: 'value', tab: message.tab, id: message.id, value }));
      case 'unwatch': return current.unwatch(message.tab, message.id);
      case 'invoke':
        current.invoke(message.tab, message.method, message.args).then(
          (value) => means.post({ kind: 'result', tab: message.tab, id: message.id, value }),
          (error: unknown) => means.post({ kind: 'result', tab: message.tab, id: message.id, error: plain(error) }),
        );
    }
  };

  face.onLife(
    async () => {
      const unlisten = means.listen((message) => {
        if (host) return serve(message);
        if (message.kind === 'leader') {
          if (remote.leader(message.leader)) {
            onFollowing();
            face.use(remote);
            means.post({ kind: 'who_leads', tab: self });
          }
        } else remote.receive(message);
      });
      void held.then(unlisten);
      face.connection.subscribe(() => {
        if (face.connection.get().kind === 'signed_out') leave();
      });
      void means.lock(`parley-tab-${self}`, () => held);
      const leading = means.lock(`parley-leader-${accountId}`, lead);
      means.post({ kind: 'who_leads', tab: self });
      // Shown as soon as this tab leads or has found who does.
      await Promise.race([leading, new Promise<void>((resolve) => face.whenUsable(resolve))]);
    },
    async () => leave(),
  );
  return face;
}

const plain = (error: unknown): { name: string; message: string; reason?: string } =>
  error instanceof StorageRefused ? { name: error.name, message: error.message, reason: error.reason } : { name: error instanceof Error ? error.name : 'Error', message: error instanceof Error ? error.message : String(error) };

function localBackend(host: TabHost, self: string): Backend {
  return {
    peek: (path) => host.readable(self, path).get(),
    watch: (id, path, onValue) => host.watch(self, id, path, onValue),
    unwatch: (id) => host.unwatch(self, id),
    invoke: (method, args) => host.invoke(self, method, args),
  };
}

interface Asked { method: string; args: unknown[]; resolve(value: unknown): void; reject(error: Error): void }

/** The leader's engine through the channel. */
class RemoteBackend implements Backend {
  private readonly watches = new Map<number, { path: Path; onValue: (value: unknown) => void }>();
  private readonly asked = new Map<number, Asked>();
  private nextId = 1;
  private known: string | null = null;

  constructor(private readonly self: string, private readonly means: TabMeans) {}

  /** True for a leader not known before: everything is said to it again. */
  leader(id: string): boolean {
    if (this.known === id) return false;
    this.known = id;
    for (const [watchId, { path }] of this.watches) this.means.post({ kind: 'watch', tab: this.self, id: watchId, path });
    for (const [askId, { method, args }] of this.asked) this.means.post({ kind: 'invoke', tab: this.self, id: askId, method, args });
    return true;
  }

  /** This tab leads now: what the last leader did not answer is done here. */
  adopt(host: TabHost): void {
    this.watches.clear();
    for (const { method, args, resolve, reject } of this.asked.values()) host.invoke(this.self, method, args).then(resolve, reject);
    this.asked.clear();
  }

  receive(message: TabMessage): void {
    if (!('tab' in message) || message.tab !== this.self) return;
    if (message.kind === 'value') return this.watches.get(message.id)?.onValue(message.value);
    if (message.kind !== 'result') return;
    const asked = this.asked.get(message.id);
    this.asked.delete(message.id);
    if (!message.error) return asked?.resolve(message.value);
    const { name, message: text, reason } = message.error;
    asked?.reject(name === 'StorageRefused' ? new StorageRefused(reason === 'full' ? 'full' : 'unavailable') : new Error(text));
  }

  watch(id: number, path: Path, onValue: (value: unknown) => void): void {
    this.watches.set(id, { path, onValue });
    this.means.post({ kind: 'watch', tab: this.self, id, path });
  }
  unwatch(id: number): void {
    this.watches.delete(id);
    this.means.post({ kind: 'unwatch', tab: this.self, id });
  }
  invoke(method: string, args: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = this.nextId++;
      this.asked.set(id, { method, args, resolve, reject });
      this.means.post({ kind: 'invoke', tab: this.self, id, method, args });
    });
  }
}
