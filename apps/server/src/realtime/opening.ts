import { channelStream, userStream, workspaceStream, type StreamName } from '@parley/shared/domain/streams';
import { NOTIFY_KEYS, readNotifyPreferences } from '@parley/shared/domain/notify-preferences';
import type { QuietHours } from '@parley/shared/domain/quiet-hours';
import type { Delta, Preference } from '@parley/shared/protocol/entities';
import { LIMITS } from '@parley/shared/protocol/limits';
import { own as ownEntity } from '../features/own-entities.ts';
import type { Caller } from '../edge/route.ts';
import type { ManualPresence } from '../registry/port.ts';
import type { ReadTx } from '../storage/port.ts';
import { entities, sessions, users, workspaceMembers, type MembershipDoc } from '../storage/tables.ts';
import { SightReader, type Sight } from './sight.ts';

/** One stream's catching up for one caller, rights checked: `gone` for what one may not see. */
export type StreamDeltaReader = (tx: ReadTx, caller: Caller, stream: StreamName, cursor: number, limit: number) => Promise<Delta>;

export type Cursors = Readonly<Record<string, number>>;

/** All that a new connection needs to know, in one snapshot. */
export interface Opening {
  /** The session still stands. */
  valid: boolean;
  /** What the person chose; null: the registry knows it still. */
  presence: { choice: ManualPresence; until: number | null; quiet: readonly QuietHours[] } | null;
  /** Streams to follow: user, workspaces, member channels, and what is looked at. */
  streams: Map<StreamName, Sight>;
  /** First pages of deltas for user and workspace streams and a few looked-at channels that have a cursor; the rest is read as it is sent. */
  deltas: Map<StreamName, DeltaPage>;
}

/** A delta and its frame, which is encoded once though many are sent it. */
export interface DeltaPage {
  delta: Delta;
  frame: string;
}

export interface OpeningQuestion {
  cursors: Cursors;
  looking: readonly StreamName[];
  /** A page that needs no reading; `none`: nothing changed since the cursor, as far as the gateway has heard. */
  known(stream: StreamName, cursor: number, visibleFrom: number): DeltaPage | 'none' | undefined;
}

const PAGE = 1_000;
/** Looked-at channels whose first page is read along, so that one screen is complete in one go. */
const LOOKED_PAGES = 2;

export async function readOpening(tx: ReadTx, delta: StreamDeltaReader, caller: Caller, asked: OpeningQuestion): Promise<Opening> {
  const own = userStream(caller.user_id);
  const session = await tx.get(sessions, [caller.user_id, caller.device_id]);
  const user = await tx.get(users, [caller.user_id]);
  const streams = new Map<StreamName, Sight>();
  const valid = session !== undefined && session.revoked_at === null && user !== undefined && !user.doc.deactivated;
  const hours = await ownEntity<Preference>(tx, caller.user_id, 'preference', NOTIFY_KEYS.dndSchedule);
  const presence = { quiet: readNotifyPreferences({ [NOTIFY_KEYS.dndSchedule]: hours?.value }).dnd.schedule, choice: user?.presence ?? 'auto', until: user?.presence_until == null ? null : Math.ceil(user.presence_until / 1_000) };
  if (!valid) return { valid, presence, streams, deltas: new Map() };

  const sight = new SightReader(tx);
  streams.set(own, { member: true, stayId: null, visibleFrom: 0 });
  for (const place of await tx.find(workspaceMembers, { index: 'by_user', prefix: [caller.user_id], limit: PAGE })) {
    if (place.deactivated) continue;
    streams.set(workspaceStream(place.workspace_id), { member: true, stayId: null, visibleFrom: 0 });
    sight.know(place);
  }
  for (const { id, workspaceId } of await memberships(tx, own)) {
    const seen = await (workspaceId === null ? sight.of(caller, channelStream(id)) : sight.asMember(caller, id, workspaceId));
    if (seen?.member) streams.set(channelStream(id), seen);
  }
  for (const stream of asked.looking) {
    if (streams.has(stream)) continue;
    const seen = await sight.of(caller, stream);
    if (seen) streams.set(stream, seen);
  }
  const deltas = new Map<StreamName, DeltaPage>();
  for (const stream of [...[...streams.keys()].filter((s) => !s.startsWith('channel:')), ...asked.looking.slice(0, LOOKED_PAGES)]) {
    const [cursor, seen] = [asked.cursors[stream], streams.get(stream)];
    if (cursor === undefined || !seen) continue;
    const known = asked.known(stream, cursor, seen.visibleFrom);
    if (known === 'none') continue;
    deltas.set(stream, known ?? deltaPage(stream, await delta(tx, caller, stream, cursor, LIMITS.sync_page_size)));
  }
  return { valid, presence, streams, deltas };
}

/** Channels of the membership projection; whether each still holds is asked of the member row. */
async function memberships(tx: ReadTx, own: StreamName): Promise<{ id: string; workspaceId: string | null }[]> {
  const found: { id: string; workspaceId: string | null }[] = [];
  let after: string | undefined;
  for (;;) {
    const rows = await tx.find(entities, { prefix: [own, 'membership'], ...(after !== undefined && { gt: after }), limit: PAGE });
    for (const { id, doc } of rows) {
      const { deleted, workspace_id } = doc as Partial<MembershipDoc>;
      if (!deleted) found.push({ id, workspaceId: workspace_id ?? null });
    }
    if (rows.length < PAGE) return found;
    after = rows.at(-1)!.id;
  }
}

export const memberChannels = async (tx: ReadTx, own: StreamName): Promise<string[]> => (await memberships(tx, own)).map((m) => m.id);

export const GONE: Delta = { from: 0, to: 0, head: 0, entities: [], has_more: false, gone: true };

export const deltaPage = (stream: StreamName, delta: Delta): DeltaPage => ({ delta, frame: encodeDelta(stream, delta) });

export const encodeDelta = (stream: StreamName, delta: Delta): string => JSON.stringify({ type: 'delta', stream, ...delta });
