import type { Route } from '../edge/route.ts';
import type { Deps } from '../platform/deps.ts';
import { accountRoutes } from './accounts/accounts.routes.ts';
import { cardsRoutes } from './cards/cards.routes.ts';
import { channelRoutes } from './channels/channels.routes.ts';
import { draftRoutes } from './drafts/drafts.routes.ts';
import { fileRoutes } from './files/files.routes.ts';
import { pinRoutes } from './pins/pins.routes.ts';
import { preferenceRoutes } from './preferences/preferences.routes.ts';
import { savedRoutes } from './saved/saved.routes.ts';
import { scheduledRoutes } from './scheduled/scheduled.routes.ts';
import { sectionRoutes } from './sections/sections.routes.ts';
import { emojiRoutes } from './emoji/emoji.routes.ts';
import { groupRoutes } from './groups/groups.routes.ts';
import { inboxRoutes } from './inbox/inbox.routes.ts';
import { importRoutes } from './imports/imports.routes.ts';
import { membershipRoutes } from './membership/membership.routes.ts';
import { messageRoutes } from './messages/messages.routes.ts';
import { mailRoutes } from './mail/mail.routes.ts';
import { pushRoutes } from './push/push.routes.ts';
import { readingRoutes } from './reading/reading.routes.ts';
import { searchRoutes } from './search/search.routes.ts';
import { syncRoutes } from './sync/sync.routes.ts';
import { threadRoutes } from './threads/threads.routes.ts';
import { serverRoutes } from './server/server.routes.ts';
import { workspaceRoutes } from './workspaces/workspaces.routes.ts';

/** All routes, one line a feature. */
export const featureRoutes = (deps: Deps): Route[] => [
  ...serverRoutes(deps),
  ...accountRoutes(deps),
  ...workspaceRoutes(deps),
  ...channelRoutes(deps),
  ...membershipRoutes(deps),
  ...messageRoutes(deps),
  ...readingRoutes(deps),
  ...searchRoutes(deps),
  ...threadRoutes(deps),
  ...draftRoutes(deps),
  ...fileRoutes(deps),
  ...savedRoutes(deps),
  ...scheduledRoutes(deps),
  ...preferenceRoutes(deps),
  ...sectionRoutes(deps),
  ...pinRoutes(deps),
  ...inboxRoutes(deps),
  ...groupRoutes(deps),
  ...emojiRoutes(deps),
  ...pushRoutes(deps),
  ...mailRoutes(deps),
  ...cardsRoutes(deps),
  ...syncRoutes(deps),
  ...importRoutes(deps),
];
