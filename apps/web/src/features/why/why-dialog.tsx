import { useIntl } from 'react-intl';
import { decide, type NotifyDecision, type NotifyEvent, type NotifyReason } from '@parley/shared/domain/notify';
import { readNotifyPreferences } from '@parley/shared/domain/notify-preferences';
import { quietUntil } from '@parley/shared/domain/quiet-hours';
import type { Message } from '@parley/shared/protocol/entities';
import { useText, type Translate } from '../../i18n/text.tsx';
import { useChannel, useEngine, useGroups, usePreferences, usePresence, useThread } from '../../state/engine.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import styles from './why.module.css';

const EFFECTS = ['unread', 'inbox', 'toast', 'sound', 'push'] as const;
const FOREVER = '9999-12-31T00:00:00.000Z';

/** NTF-10: what a message does here and why, with the settings of now. */
export function WhyDialog({ message, onClose }: { message: Message; onClose(): void }) {
  const t = useText();
  const intl = useIntl();
  const engine = useEngine();
  const view = useChannel(message.channel_id);
  const groups = useGroups(view?.workspaceId ?? '');
  const stored = usePreferences();
  const quiet = usePresence(engine.accountId) === 'dnd';
  const thread = useThread(message.parent_message_id ?? message.id);
  const mine = new Set(groups.filter((group) => group.mine).map((group) => group.id));
  const now = Date.now();
  // Chosen by hand, only the presence tells of it, and not until when.
  const preferences = quiet && quietUntil(readNotifyPreferences(stored).dnd, now) === null ? { ...stored, dnd_until: FOREVER } : stored;
  const decision = decide(eventOf(message, engine.accountId, mine, view?.channel.kind ?? 'public'), engine.accountId, view?.membership ?? null, thread === null ? null : { following: thread.following }, preferences, now, [{ here: true, activeAt: now, inFront: false, looking: false }]);
  return (
    <Dialog title={t('why.title')} closeLabel={t('app.close')} onClose={onClose} actions={<Button variant="primary" onClick={onClose}>{t('app.close')}</Button>}>
      <p className={styles.soft}>{t('why.now')}</p>
      <ul className={styles.effects}>
        {EFFECTS.map((effect) => <li key={effect} data-on={decision[effect] ? '' : undefined}>{t(`why.${effect}_${decision[effect] ? 'yes' : 'no'}`)}</li>)}
        <li data-on={decision.number === 'none' ? undefined : ''}>{t(`why.number_${decision.number}`)}</li>
      </ul>
      <h3 className={styles.title}>{t('why.because')}</h3>
      <ul className={styles.reasons}>{reasons(decision, t, (at) => intl.formatDate(at, { weekday: 'short', hour: 'numeric', minute: '2-digit' })).map((reason) => <li key={reason}>{reason}</li>)}</ul>
    </Dialog>
  );
}

/** The steps in words, and once the level of the channel that they were looked up at. */
export function reasons(decision: Pick<NotifyDecision, 'why'>, t: Translate, time: (at: number) => string): string[] {
  const column = decision.why.find((one) => one.column !== undefined)?.column;
  const said = (reason: NotifyReason): string => {
    if (reason.rule === 'dnd' && reason.until !== undefined && reason.until < Date.parse('9000-01-01')) return t('why.dnd_until', { time: time(reason.until) });
    return t(`why.${reason.rule}`, { keyword: reason.keyword ?? '' });
  };
  return [...decision.why.map(said), ...(column === undefined ? [] : [t(`why.column_${column}`)])];
}

/** The message as the decision function takes it: as if it came now. */
export function eventOf(message: Message, me: string, groups: ReadonlySet<string>, kind: string): NotifyEvent {
  const { mentions } = message;
  const everyone = mentions.everyone;
  return {
    kind: message.kind === 'system' ? 'system' : 'message', by: message.author_id, at: Date.parse(message.created_at), direct: kind === 'dm' || kind === 'group_dm',
    named: mentions.user_ids.includes(me) || mentions.group_ids.some((id) => groups.has(id)), everyone, text: message.content,
    reply: message.parent_message_id === null ? 'none' : message.broadcast ? 'broadcast' : 'thread', quiet: message.quiet, bot: message.kind === 'bot',
  };
}
