import * as accounts from './calls/accounts.ts';
import * as cards from './calls/cards.ts';
import * as channels from './calls/channels.ts';
import * as emoji from './calls/emoji.ts';
import * as groups from './calls/groups.ts';
import * as files from './calls/files.ts';
import * as inbox from './calls/inbox.ts';
import * as imports from './calls/imports.ts';
import * as mail from './calls/mail.ts';
import * as messages from './calls/messages.ts';
import * as personal from './calls/personal.ts';
import * as pins from './calls/pins.ts';
import * as scheduled from './calls/scheduled.ts';
import * as push from './calls/push.ts';
import * as reading from './calls/reading.ts';
import * as search from './calls/search.ts';
import type { Call } from './call.ts';

const isCall = (value: unknown): value is Call => typeof value === 'object' && value !== null && 'path' in value && 'method' in value;

/** Every call of the wire, for OpenAPI, the wire freeze and the tests that walk all routes. Clients import single families instead. */
export const CALLS: readonly Call[] = [accounts, channels, messages, reading, search, imports, personal, pins, inbox, scheduled, groups, emoji, push, mail, files, cards].flatMap((family) => Object.values(family).filter(isCall));
