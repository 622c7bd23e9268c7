import { CONTENT_NESTING } from '../domain/content.ts';

/** Every limit of the wire in one place; `/server` answers them. Sizes in bytes unless the name says otherwise. */
export const LIMITS = {
  content_characters: 16_000,
  content_nesting: CONTENT_NESTING,
  page_size: 200,
  sync_page_size: 500,
  sync_entities: 2_000,
  gap_entities: 500,
  request_bytes: 1_048_576,
  hello_bytes: 1_048_576,
  frame_bytes: 65_536,
  frames_per_second: 50,
  sockets_per_account: 50,
  looked_at: 100,
  cursors: 20_000,
  ack_many: 1_000,
  users_per_call: 1_000,
  group_dm_members: 20,
  message_files: 20,
  message_reactions: 50,
  listed_people: 50,
  receipts_members: 50,
  everyone_members: 100,
  socket_queue_bytes: 1_048_576,
  socket_queue_frames: 256,
} as const;
