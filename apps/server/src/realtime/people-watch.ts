import { userStream } from '@parley/shared/domain/streams';
import type { User } from '@parley/shared/protocol/entities';
import { LIMITS } from '@parley/shared/protocol/limits';
import type { Timer } from '@parley/shared/domain/clock';
import type { Caller } from '../edge/route.ts';
import type { Deps } from '../platform/deps.ts';
import { presentUser } from '../features/accounts/account.presenter.ts';
import type { GatewayPort, Presence } from '../registry/port.ts';
import type { ReadTx } from '../storage/port.ts';
import { members, users, workspaceMembers } from '../storage/tables.ts';
import type { Connection } from './connection.ts';
import { memberChannels } from './opening.ts';

const COALESCE_MS = 500;
const CHUNK = 100;

/** Presence and profiles of people on screen, told to nobody else. */
export class PeopleWatch {
  readonly #watchers = new Map<string, Set<Connection>>();
  readonly #changed = new Set<string>();
  #timer: Timer | null = null;

  constructor(private readonly deps: Pick<Deps, 'store' | 'clock' | 'logger' | 'presence'>, private readonly port: GatewayPort) {}

  /** Replaces whom a connection looks at; those it may not see are left out. New ones are told their state. */
  async look(connection: Connection, userIds: readonly string[]): Promise<void> {
    const { caller } = connection;
    if (!caller) return;
    const wanted = new Set(userIds.slice(0, LIMITS.users_per_call));
    const before = connection.people;
    const fresh = [...wanted].filter((id) => !before.has(id));
    const allowed = fresh.length === 0 ? fresh : await this.deps.store.read((tx) => visiblePeople(tx, caller, fresh));
    if (connection.closed) return;
    for (const id of before) if (!wanted.has(id)) this.#unwatch(connection, id);
    for (const id of allowed) this.#watch(connection, id);
    connection.people = new Set([...[...before].filter((id) => wanted.has(id)), ...allowed]);
    const states = await this.deps.presence.statesOf(allowed);
    for (let i = 0; i < allowed.length; i += CHUNK) {
      await connection.queue.drained();
      if (connection.closed) return;
      connection.link.sendMany(allowed.slice(i, i + CHUNK).map((id) => encodePresence(id, states.get(id) ?? 'offline')));
    }
  }

  release(connection: Connection): void {
    for (const id of connection.people) this.#unwatch(connection, id);
    connection.people = new Set();
  }

  presence(userId: string, state: Presence): void {
    const frame = encodePresence(userId, state);
    for (const connection of this.#watchers.get(userId) ?? []) connection.queue.ephemeral(frame);
  }

  profileChanged(userId: string): void {
    if (!this.#watchers.has(userId)) return;
    this.#changed.add(userId);
    this.#timer ??= this.deps.clock.setTimer(COALESCE_MS, () => {
      this.#timer = null;
      const changed = [...this.#changed];
      this.#changed.clear();
      this.#tell(changed).catch((error: unknown) => this.deps.logger.warn({ error: String(error) }, 'changed profiles could not be read'));
    });
  }

  close(): void {
    this.#timer?.cancel();
  }

  async #tell(userIds: readonly string[]): Promise<void> {
    const rows = await this.deps.store.read((tx) => Promise.all(userIds.map((id) => tx.get(users, [id]))));
    const byConnection = new Map<Connection, User[]>();
    for (const row of rows) {
      if (!row) continue;
      const shown = presentUser(row, { user_id: '', admin: false }, this.deps.clock.now());
      for (const connection of this.#watchers.get(row.id) ?? []) byConnection.set(connection, [...(byConnection.get(connection) ?? []), shown]);
    }
    for (const [connection, people] of byConnection) connection.queue.ephemeral(JSON.stringify({ type: 'people', users: people }));
  }

  #watch(connection: Connection, userId: string): void {
    let watchers = this.#watchers.get(userId);
    if (!watchers) {
      this.#watchers.set(userId, (watchers = new Set()));
      this.port.watch(userId);
    }
    watchers.add(connection);
  }

  #unwatch(connection: Connection, userId: string): void {
    const watchers = this.#watchers.get(userId);
    if (!watchers?.delete(connection) || watchers.size > 0) return;
    this.#watchers.delete(userId);
    this.port.unwatch(userId);
  }
}

const encodePresence = (userId: string, state: Presence): string => JSON.stringify({ type: 'presence', user_id: userId, state });

/** Of `ids`, those that the caller may see: people of shared workspaces, and for guests people of shared channels. */
async function visiblePeople(tx: ReadTx, caller: Caller, ids: readonly string[]): Promise<string[]> {
  const places = (await tx.find(workspaceMembers, { index: 'by_user', prefix: [caller.user_id], limit: 1_000 })).filter((p) => !p.deactivated);
  const asGuest = places.length > 0 && places.every((p) => p.role === 'guest');
  const channelIds = places.some((p) => p.role === 'guest') ? await memberChannels(tx, userStream(caller.user_id)) : [];
  const visible: string[] = [];
  for (const id of ids) {
    let seen = id === caller.user_id;
    if (!asGuest) for (const place of places) if (!seen && place.role !== 'guest') seen = (await tx.get(workspaceMembers, [place.workspace_id, id])) !== undefined;
    for (const channelId of channelIds) if (!seen) seen = (await tx.get(members, [channelId, id])) !== undefined;
    if (seen) visible.push(id);
  }
  return visible;
}
