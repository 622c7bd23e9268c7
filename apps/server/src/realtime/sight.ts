import { can } from '@parley/shared/domain/can';
import { parseStream, type StreamName } from '@parley/shared/domain/streams';
import type { Caller } from '../edge/route.ts';
import type { ReadTx } from '../storage/port.ts';
import { channels, members, workspaceMembers, type WorkspaceMemberRow } from '../storage/tables.ts';

/** What one person may see of a stream. */
export interface Sight {
  /** False for a public channel that one only looks at. */
  member: boolean;
  stayId: string | null;
  visibleFrom: number;
}

const WHOLE: Sight = { member: true, stayId: null, visibleFrom: 0 };

/** Reads what people may see, in one snapshot. A stream one may not see is undefined, like one that never was. */
export class SightReader {
  readonly #places = new Map<string, Promise<WorkspaceMemberRow | undefined>>();

  constructor(private readonly tx: ReadTx) {}

  /** A row of this snapshot that was read already. */
  know(place: WorkspaceMemberRow): void {
    this.#places.set(`${place.workspace_id} ${place.user_id}`, Promise.resolve(place.deactivated ? undefined : place));
  }

  /**
   * Of somebody in a channel whose workspace is known: a member of both sees it, whatever its kind. Undefined for others,
   * of whom `of` knows more.
   */
  async asMember(caller: Caller, channelId: string, workspaceId: string): Promise<Sight | undefined> {
    const member = await this.tx.get(members, [channelId, caller.user_id]);
    if (!member || !(await this.#place(workspaceId, caller.user_id))) return undefined;
    return { member: true, stayId: member.stay_id, visibleFrom: member.visible_from_seq };
  }

  async of(caller: Caller, stream: StreamName): Promise<Sight | undefined> {
    const name = parseStream(stream);
    if (!name) return undefined;
    if (name.kind === 'user') return name.id === caller.user_id ? WHOLE : undefined;
    if (name.kind === 'workspace') return (await this.#place(name.id, caller.user_id)) ? WHOLE : undefined;
    const channel = await this.tx.get(channels, [name.id]);
    if (!channel) return undefined;
    const [member, place] = [await this.tx.get(members, [name.id, caller.user_id]), await this.#place(channel.workspace_id, caller.user_id)];
    const verdict = can(
      { user_id: caller.user_id, server_role: caller.server_role, workspace_role: place?.role ?? null },
      'channel.view',
      {
        channel: {
          kind: channel.kind, archived: channel.doc.archived, posting: channel.doc.posting, is_default: channel.doc.is_default ?? false, member_count: channel.doc.member_count,
          creator_id: channel.doc.creator_id ?? null, importing: channel.import_id != null, membership: member ? { role: member.role, visible_from_seq: member.visible_from_seq } : null,
        },
      },
    );
    if (verdict !== 'allowed') return undefined;
    return member ? { member: true, stayId: member.stay_id, visibleFrom: member.visible_from_seq } : { member: false, stayId: null, visibleFrom: 0 };
  }

  async #place(workspaceId: string, userId: string): Promise<WorkspaceMemberRow | undefined> {
    const key = `${workspaceId} ${userId}`;
    let place = this.#places.get(key);
    if (!place) this.#places.set(key, (place = this.tx.get(workspaceMembers, [workspaceId, userId]).then((row) => (row && !row.deactivated ? row : undefined))));
    return place;
  }
}
