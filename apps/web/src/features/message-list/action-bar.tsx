import { Link2, MessageSquareReply, MoreHorizontal, SmilePlus } from 'lucide-react';
import { useState } from 'react';
import { useText } from '../../i18n/text.tsx';
import { IconButton } from '../../ui/icon-button.tsx';
import { Menu } from '../../ui/menu.tsx';
import { Popover } from '../../ui/popover.tsx';
import { reactionOf } from '../emoji/custom.tsx';
import { ReactionGlyph, useReactionName } from '../emoji/emoji-glyph.tsx';
import { LazyEmojiPicker } from '../emoji/lazy-picker.tsx';
import { useChat } from '../message-text/chat-context.tsx';
import { LazyMessageMenu } from './lazy-message-menu.tsx';
import styles from './message-row.module.css';
import type { MessageActs } from './use-message-acts.ts';

/** LST-18: the acts of a message at its top right, shown on hover and focus. */
export function ActionBar({ acts, onHold }: { acts: MessageActs; onHold(held: boolean): void }) {
  const t = useText();
  const { preferences } = useChat();
  const nameOf = useReactionName();
  const [picking, setPicking] = useState(false);
  const hold = (open: boolean) => { setPicking(open); onHold(open); };
  return (
    <div className={styles.bar} role="toolbar" aria-label={t('chat.bar')}>
      {acts.may.react && preferences.quickReactions.map((emoji) => (
        <IconButton key={emoji} label={t('chat.react_with', { emoji: nameOf(emoji) })} tabIndex={-1} onClick={() => acts.react(emoji)}><span className={styles.quick}><ReactionGlyph emoji={emoji} /></span></IconButton>
      ))}
      {acts.may.react && (
        <Popover open={picking} onOpenChange={hold} label={t('chat.emoji.label')} side="top" align="end" trigger={<IconButton label={t('chat.react')} tabIndex={-1} data-react=""><SmilePlus size={18} strokeWidth={1.75} aria-hidden="true" /></IconButton>}>
          <LazyEmojiPicker skinTone={preferences.skinTone} onPick={(glyph) => acts.react(reactionOf(glyph))} onClose={() => hold(false)} />
        </Popover>
      )}
      {acts.may.reply && <IconButton label={t('chat.reply')} tabIndex={-1} onClick={acts.reply}><MessageSquareReply size={18} strokeWidth={1.75} aria-hidden="true" /></IconButton>}
      {acts.may.link && <IconButton label={t('chat.copy_link')} tabIndex={-1} onClick={acts.copyLink}><Link2 size={18} strokeWidth={1.75} aria-hidden="true" /></IconButton>}
      <Menu align="end" onOpenChange={onHold} label={t('chat.more_acts')} trigger={<IconButton label={t('chat.more_acts')} tabIndex={-1}><MoreHorizontal size={18} strokeWidth={1.75} aria-hidden="true" /></IconButton>}>
        <LazyMessageMenu acts={acts} />
      </Menu>
    </div>
  );
}
