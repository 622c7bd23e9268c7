import { BellRing, Bookmark, BookmarkX, Clock, Copy, Forward, Link2, MailOpen, MessageSquareReply, Pencil, Pin, PinOff, SquareX, Trash2 } from 'lucide-react';
import { useIntl } from 'react-intl';
import { reminderTimes } from '../../state/later-times.ts';
import { useSavedOf } from '../../state/engine.tsx';
import { useText } from '../../i18n/text.tsx';
import { MenuItem, MenuLine, SubMenu } from '../../ui/menu.tsx';
import { useChat } from '../message-text/chat-context.tsx';
import type { MessageActs } from './use-message-acts.ts';

const icon = { size: 18, strokeWidth: 1.75, 'aria-hidden': true } as const;

/** LST-19: never-allowed acts are absent. The same items serve the More menu and the context menu. */
export function MessageMenu({ acts }: { acts: MessageActs }) {
  const t = useText();
  const intl = useIntl();
  const { preferences } = useChat();
  const saved = useSavedOf(acts.messageId) !== null;
  return (
    <>
      {acts.may.reply && <MenuItem icon={<MessageSquareReply {...icon} />} keys="T" onSelect={acts.reply}>{t('chat.reply')}</MenuItem>}
      {acts.may.forward && <MenuItem icon={<Forward {...icon} />} keys="F" onSelect={acts.forward}>{t('chat.forward')}</MenuItem>}
      {acts.may.link && <MenuItem icon={<Link2 {...icon} />} keys="L" onSelect={acts.copyLink}>{t('chat.copy_link')}</MenuItem>}
      <MenuItem icon={<Copy {...icon} />} keys="C" onSelect={acts.copyText}>{t('chat.copy_text')}</MenuItem>
      {acts.may.markUnread && <MenuItem icon={<MailOpen {...icon} />} keys="U" onSelect={acts.markUnread}>{t('chat.mark_unread')}</MenuItem>}
      {acts.may.link && <MenuItem icon={saved ? <BookmarkX {...icon} /> : <Bookmark {...icon} />} keys="S" onSelect={() => acts.save(!saved)}>{t(saved ? 'chat.unsave' : 'chat.save_later')}</MenuItem>}
      {acts.may.link && (
        <SubMenu icon={<Clock {...icon} />} label={t('chat.remind')}>
          {reminderTimes(Date.now(), preferences.timeZone).map(({ id, at }) => <MenuItem key={id} onSelect={() => acts.remind(at, intl.formatDate(at, { weekday: 'long', hour: 'numeric', minute: '2-digit' }))}>{t(`times.${id}`)}</MenuItem>)}
          <MenuItem keys="M" onSelect={acts.pickReminder}>{t('times.pick')}</MenuItem>
        </SubMenu>
      )}
      {acts.may.pin && <MenuItem icon={acts.pinned ? <PinOff {...icon} /> : <Pin {...icon} />} keys="P" onSelect={acts.pin}>{t(acts.pinned ? 'chat.unpin' : 'chat.pin')}</MenuItem>}
      {acts.may.markUnread && <MenuItem icon={<BellRing {...icon} />} onSelect={acts.why}>{t('chat.why')}</MenuItem>}
      {(acts.may.edit || acts.may.delete) && <MenuLine />}
      {acts.removeCard !== null && acts.cards.map(({ url, site }) => <MenuItem key={url} icon={<SquareX {...icon} />} onSelect={() => acts.removeCard?.(url)}>{t('chat.remove_card', { site })}</MenuItem>)}
      {acts.may.edit && <MenuItem icon={<Pencil {...icon} />} keys="E" onSelect={acts.edit}>{t('chat.edit')}</MenuItem>}
      {acts.may.delete && <MenuItem icon={<Trash2 {...icon} />} keys="Del" danger onSelect={acts.delete}>{t('chat.delete')}</MenuItem>}
    </>
  );
}
