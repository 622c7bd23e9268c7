/**
 * Who may do what: DESIGN section 9 as one pure function. Everything that reads or writes for somebody asks it, with facts
 * read from the store inside the same transaction. Deny first: what the table does not allow is refused.
 */

export type Verdict = 'allowed' | 'forbidden' | 'not_found';

export interface Actor {
  user_id: string;
  server_role: 'owner' | 'admin' | 'member';
  /** In the workspace of the resource; null when not a member of it, or deactivated there. */
  workspace_role: 'owner' | 'admin' | 'member' | 'guest' | null;
  is_bot?: boolean;
}

/** Facts about a channel, and the actor's member row in it (null when not a member). */
export interface ChannelFacts {
  kind: 'public' | 'private' | 'dm' | 'group_dm';
  archived: boolean;
  posting: 'everyone' | 'moderators';
  is_default: boolean;
  member_count: number;
  creator_id: string | null;
  importing: boolean;
  membership: { role: 'moderator' | 'member'; visible_from_seq: number } | null;
}

export interface MessageFacts {
  author_id: string;
  seq: number;
  deleted: boolean;
}
