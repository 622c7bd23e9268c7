import type { CommandHandler } from './command.ts';
import { accountsCommands } from '../features/accounts/accounts.commands.ts';
import { workspacesCommands } from '../features/workspaces/workspaces.commands.ts';
import { idempotencyCommands } from '../edge/idempotency.commands.ts';
import { jobsCommands } from '../jobs/jobs.commands.ts';
import { channelCommands } from '../features/channels/channels.commands.ts';
import { membershipCommands } from '../features/membership/membership.commands.ts';
import { messageCommands } from '../features/messages/messages.commands.ts';
import { reactionCommands } from '../features/reactions/reactions.commands.ts';
import { readingCommands } from '../features/reading/reading.commands.ts';
import { threadCommands } from '../features/threads/threads.commands.ts';
import { fileCommands } from '../features/files/files.commands.ts';
import { holdsCommands } from '../features/files/holds.commands.ts';
import { cardsCommands } from '../features/cards/cards.commands.ts';
import { devicesCommands } from '../features/devices/devices.commands.ts';
import { draftCommands } from '../features/drafts/drafts.commands.ts';
import { emojiCommands } from '../features/emoji/emoji.commands.ts';
import { groupCommands } from '../features/groups/groups.commands.ts';
import { inboxCommands } from '../features/inbox/inbox.commands.ts';
import { pinCommands } from '../features/pins/pins.commands.ts';
import { pointerCommands } from '../features/pointers/pointers.commands.ts';
import { preferenceCommands } from '../features/preferences/preferences.commands.ts';
import { savedCommands } from '../features/saved/saved.commands.ts';
import { scheduledCommands } from '../features/scheduled/scheduled.commands.ts';
import { sectionCommands } from '../features/sections/sections.commands.ts';
import { importsCommands } from '../features/imports/imports.commands.ts';
import { mailCommands } from '../features/mail/mail.commands.ts';
import { pushCommands } from '../features/push/push.commands.ts';
import { serverCommands } from '../features/server/server.commands.ts';
import { moveCommands } from './move/move.commands.ts';
import { dispatchersCommands } from './dispatchers.commands.ts';
import { processesCommands } from './processes.commands.ts';
import { storeCommands } from './store.commands.ts';

/** All write use cases by name. A feature adds its `*.commands.ts` here, in one line. */
export const COMMANDS = {
  ...storeCommands,
  ...moveCommands,
  ...dispatchersCommands,
  ...processesCommands,
  ...importsCommands,
  ...jobsCommands,
  ...idempotencyCommands,
  ...accountsCommands,
  ...workspacesCommands,
  ...channelCommands,
  ...membershipCommands,
  ...messageCommands,
  ...reactionCommands,
  ...readingCommands,
  ...threadCommands,
  ...fileCommands,
  ...holdsCommands,
  ...devicesCommands,
  ...draftCommands,
  ...savedCommands,
  ...scheduledCommands,
  ...preferenceCommands,
  ...sectionCommands,
  ...pinCommands,
  ...inboxCommands,
  ...pointerCommands,
  ...groupCommands,
  ...emojiCommands,
  ...pushCommands,
  ...serverCommands,
  ...mailCommands,
  ...cardsCommands,
};

export type CommandName = keyof typeof COMMANDS;
type HandlerOf<N extends CommandName> = (typeof COMMANDS)[N];
export type CommandArgs<N extends CommandName> = HandlerOf<N> extends CommandHandler<infer A, unknown> ? A : never;
export type CommandResult<N extends CommandName> = HandlerOf<N> extends CommandHandler<never, infer R> ? R : never;
