/**
 * Every version of the wire with the hash of its schemas, oldest first. `protocol-version.test.ts` holds the last one
 * against the schemas, so that none changes unnoticed.
 */
export const PROTOCOL_HISTORY: readonly { version: number; hash: string; change: string }[] = [
  { version: 1, hash: '7a90637f337ac370', change: 'The first: accounts, workspaces, channels, messages, threads, reactions, reading, sync, imports; the socket.' },
  { version: 2, hash: '603c4b6d051b15a9', change: 'Drafts, saved messages, reminders, preferences, sections and pins.' },
  { version: 3, hash: '1e0b9599c81bf61e', change: 'Search: `GET /search`, and its limit `search_characters`.' },
  { version: 4, hash: '3e8934c054d013c5', change: 'The inbox: `inbox_entry`, `GET /inbox`, `mark_inbox`.' },
  { version: 5, hash: '387e48935a8cda59', change: 'Scheduled messages: `scheduled`, `schedule_message`, `update_scheduled`, `cancel_scheduled`, `scheduled_id` of inbox entries. Groups: `group`, `group_membership`, `create_group`, `update_group`, `delete_group`, `GET /groups`, `GET /group_members`. Custom emoji: `emoji`, `add_emoji`, `remove_emoji`, `GET /emoji/{id}`. Push and mail: `push_subscribe`, `push_unsubscribe`, `push` and `mail` of `/server`, `mailed` of invitations, `unsubscribe_mail`. Files: `POST /files`, `GET /files/{id}` with `/info`, `/thumb` and `/large`, `GET /channel_files`, `quota_exceeded`, their limits. Link cards: `cards` of messages, `remove_card`, `GET /card_picture`, `update_workspace`. Keywords: `keyword` of inbox entries. `up_to` of `mark_inbox`. Drafts of files alone: `put_draft` with `file_ids` and no text.' },
];
