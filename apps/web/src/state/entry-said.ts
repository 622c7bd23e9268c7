import type { InboxEntry } from '@parley/shared/protocol/entities';
import type { Translate } from '../i18n/text.tsx';

const SAID = { mention: 'activity.said_mention', keyword: 'activity.said_keyword', thread: 'activity.said_thread', reaction: 'activity.said_reaction', invitation: 'activity.said_invitation', reminder: 'activity.said_reminder' } as const;

/** What an entry of the inbox tells, in one line. */
export const entrySaid = (entry: InboxEntry, names: { who: string; channel: string }, t: Translate): string =>
  entry.scheduled_id !== undefined ? names.channel === '' ? t('activity.said_unsent_somewhere') : t('activity.said_unsent', { channel: names.channel }) : t(SAID[entry.kind as keyof typeof SAID] ?? 'activity.said_other', { ...names, keyword: entry.keyword ?? '' });
