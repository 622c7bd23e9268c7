import * as z from 'zod/mini';
import type { Call, ResponseOf } from '../protocol/call.ts';
import { sync } from '../protocol/calls/reading.ts';
import { Rev, StreamNameSchema, Timestamp, Uuid } from '../protocol/common.ts';
import { ChannelEntity, type Delta, DeviceEntity, DraftEntity, EmojiEntity, GroupEntity, GroupMembershipEntity, InboxEntity, MembershipEntity, MessageEntity, PreferenceEntity, SavedEntity, ScheduledEntity, SectionEntity, Summary, ThreadEntity, Tombstone, UnknownEntity, WorkspaceEntity, type Entity } from '../protocol/entities.ts';
import { ServerFrame } from '../protocol/frames.ts';

/**
 * Parsing at the client's edge. Entities are told apart by their type first: trying one schema after the other for each
 * of hundreds would cost more than everything else that happens to a page.
 */
const BY_TYPE: Readonly<Record<string, z.ZodMiniType>> = {
  message: MessageEntity, channel: ChannelEntity, membership: MembershipEntity, thread: ThreadEntity, device: DeviceEntity, workspace: WorkspaceEntity,
  draft: DraftEntity, saved: SavedEntity, preference: PreferenceEntity, section: SectionEntity, inbox_entry: InboxEntity, scheduled: ScheduledEntity, group: GroupEntity, group_membership: GroupMembershipEntity, emoji: EmojiEntity,
};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Undefined for what is no entity. A known type that does not fit its schema is refused, not taken for an unknown one. */
export function parseEntity(value: unknown): Entity | undefined {
  if (!isRecord(value)) return undefined;
  const type = String(value['type']);
  const schema = value['deleted'] === true && type !== 'message' && type in BY_TYPE ? Tombstone : BY_TYPE[type] ?? UnknownEntity;
  const parsed = schema.safeParse(value);
  return parsed.success ? (parsed.data as Entity) : undefined;
}

function parseEntities(value: unknown): Entity[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const entities: Entity[] = [];
  for (const item of value) {
    const entity = parseEntity(item);
    if (!entity) return undefined;
    entities.push(entity);
  }
  return entities;
}

const LiveShell = z.looseObject({ type: z.literal('live'), stream: StreamNameSchema, from: Rev, rev: Rev });
const DeltaShell = z.looseObject({
  from: Rev, to: Rev, head: Rev, has_more: z.boolean(), gap: z.optional(z.looseObject({ oldest_seq: Rev, newest_seq: Rev })), reset: z.optional(z.boolean()), gone: z.optional(z.boolean()),
});
const DeltaFrameShell = z.extend(DeltaShell, { type: z.literal('delta'), stream: StreamNameSchema });
const SyncShell = z.looseObject({ server_time: Timestamp, incarnation: Uuid, streams: z.record(z.string(), z.unknown()), channels: z.array(Summary) });

/** A frame from the server; undefined for one that does not fit. */
export function parseServerFrame(value: unknown): ServerFrame | undefined {
  if (!isRecord(value)) return undefined;
  if (value['type'] === 'live' || value['type'] === 'delta') {
    const shell = (value['type'] === 'live' ? LiveShell : DeltaFrameShell).safeParse(value);
    const entities = parseEntities(value['entities']);
    return shell.success && entities ? ({ ...shell.data, entities } as ServerFrame) : undefined;
  }
  const parsed = ServerFrame.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

/** The answer to a call; undefined for one that does not fit. */
export function parseAnswer<C extends Call>(call: C, value: unknown): { value: ResponseOf<C> } | undefined {
  if (call.path === sync.path) return parseSync(value) as { value: ResponseOf<C> } | undefined;
  const parsed = call.response.safeParse(value);
  return parsed.success ? { value: parsed.data as ResponseOf<C> } : undefined;
}

function parseSync(value: unknown): { value: ResponseOf<typeof sync> } | undefined {
  const shell = SyncShell.safeParse(value);
  if (!shell.success) return undefined;
  const streams: Record<string, Delta> = {};
  for (const [name, part] of Object.entries(shell.data.streams)) {
    const delta = DeltaShell.safeParse(part);
    const entities = isRecord(part) ? parseEntities(part['entities']) : undefined;
    if (!delta.success || !entities) return undefined;
    streams[name] = { ...delta.data, entities } as Delta;
  }
  return { value: { ...shell.data, streams } };
}
