import { CornerDownRight, Pin } from 'lucide-react';
import type { Message } from '@parley/shared/protocol/entities';
import { LIMITS } from '@parley/shared/protocol/limits';
import type { MessageView } from '@parley/shared/sync/api';
import { memo, useId, useRef, useState, type KeyboardEvent, type MouseEvent } from 'react';
import { flushSync } from 'react-dom';
import { useText } from '../../i18n/text.tsx';
import { useChannel, useEngine, useUser } from '../../state/engine.tsx';
import { Avatar } from '../../ui/avatar.tsx';
import { cx } from '../../ui/cx.ts';
import { ErrorBoundary } from '../../ui/error-boundary.tsx';
import { MessageCards } from '../cards/message-cards.tsx';
import { useChat } from '../message-text/chat-context.tsx';
import { LazyMessageFiles } from '../files/lazy-message-files.tsx';
import { MessageText } from '../message-text/message-text.tsx';
import { ActionBar } from './action-bar.tsx';
import { useList } from './list-context.ts';
import styles from './message-row.module.css';
import { Reactions } from './reactions.tsx';
import { RowEdit } from './row-edit.tsx';
import { RowState } from './row-state.tsx';
import { ThreadSummary } from './thread-summary.tsx';
import { useTimes } from './times.ts';
import { useMessageActs } from './use-message-acts.ts';

export interface MessageRowProps {
  view: MessageView;
  follows: boolean;
  active: boolean;
  editing: boolean;
  flash: boolean;
  position: number;
  setSize: number;
  /** A line or a day stands above: the bar keeps inside the row. */
  underLine: boolean;
}

/** A message. Its node lives from the first key stroke's echo to its removal: states change what is in it, never it. */
export const MessageRow = memo(function MessageRow(props: MessageRowProps) {
  const t = useText();
  return (
    <ErrorBoundary resetKey={`${props.view.message.rev}`} fallback={() => (
      <div className={styles.broken} role="article" aria-label={t('chat.broken')} tabIndex={props.active ? 0 : -1} data-row={props.view.key}>
        {t('chat.broken')} <button type="button" tabIndex={-1} onClick={() => void navigator.clipboard.writeText(props.view.message.content)}>{t('chat.copy_text')}</button>
      </div>
    )}>
      <Row {...props} />
    </ErrorBoundary>
  );
});

function Row({ view, follows, active, editing, flash, position, setSize, underLine }: MessageRowProps) {
  const t = useText();
  const id = useId();
  const times = useTimes();
  const engine = useEngine();
  const me = engine.accountId;
  const { preferences, go } = useChat();
  const list = useList();
  const { message } = view;
  const author = useUser(message.author_id);
  const channel = useChannel(message.channel_id);
  const acts = useMessageActs(view, channel);
  const [near, setNear] = useState(false);
  const [held, setHeld] = useState(false);
  const waiting = useRef(0);
  const at = Date.parse(message.created_at);
  const name = author?.display_name ?? t('chat.unknown_person');
  const compact = preferences.density === 'compact';
  const named = !message.deleted && namesMe(message, me, (groupId) => engine.group(groupId).get()?.mine === true);
  const broadcast = list.rootId === null && message.broadcast && message.parent_message_id !== null;
  const hold = (open: boolean) => { setHeld(open); list.hold(view.key, open); };
  const showName = !follows || compact;

  const onPointerEnter = () => { waiting.current = window.setTimeout(() => setNear(true), 80); };
  const onPointerLeave = () => { window.clearTimeout(waiting.current); setNear(false); };
  const onClick = (event: MouseEvent) => { if (event.altKey && acts.may.markUnread) { event.preventDefault(); acts.markUnread(); } };
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey || event.nativeEvent.isComposing) return;
    const quick = /^Digit([1-3])$/.exec(event.code);
    const letters: Record<string, (() => void) | false | undefined> = {
      t: acts.may.reply && acts.reply, e: acts.may.edit && acts.edit, u: acts.may.markUnread && acts.markUnread, c: acts.copyText, s: acts.may.link && (() => acts.save(engine.savedOf(message.id).get() === null)), p: acts.may.pin && acts.pin, l: acts.may.link && acts.copyLink, m: acts.may.link && acts.pickReminder, f: acts.may.forward && acts.forward,
      r: acts.may.react && (() => { flushSync(() => setNear(true)); document.getElementById(id)?.querySelector<HTMLElement>('[data-react]')?.click(); }),
    };
    let run: (() => void) | false | undefined;
    if (event.key === 'Delete') run = acts.may.delete && acts.delete;
    else if (preferences.singleKeys && !event.shiftKey) run = quick ? acts.may.react && (() => { const emoji = preferences.quickReactions[Number(quick[1]) - 1]; if (emoji) acts.react(emoji); }) : letters[event.key.toLowerCase()];
    if (!run) return;
    event.preventDefault();
    event.stopPropagation();
    run();
  };

  const parts = [`${id}author`, `${id}text`, message.files.length > 0 && !message.deleted && `${id}files`, ...(hasCards(message) ? [0, 1, 2].map((i) => `${id}card${i}`) : []), message.reactions.length > 0 && `${id}reactions`, message.thread && `${id}thread`, view.pending && `${id}state`, `${id}time`].filter(Boolean).join(' ');
  const time = <time id={`${id}time`} dateTime={message.created_at} title={times.full(at)} className={cx(styles.time, follows && !compact && preferences.times !== 'always' && styles.gutterTime)}>{times.clock(at)}</time>;
  const edited = message.edited_at !== null && !message.deleted ? <span className={styles.edited}>{t('chat.edited')}</span> : null;

  return (
    <div id={id} role="article" aria-labelledby={parts} aria-posinset={position} aria-setsize={setSize} tabIndex={active ? 0 : -1} data-row={view.key} data-seq={message.seq}
      className={cx(styles.row, follows && !compact && styles.follows, compact && styles.compact, named && styles.named, flash && styles.flash, underLine && styles.underLine, (near || held) && styles.near, editing && styles.editing)}
      onPointerEnter={onPointerEnter} onPointerLeave={onPointerLeave} onFocus={() => setNear(true)} onBlur={(event) => { if (!event.currentTarget.contains(event.relatedTarget)) setNear(false); }} onClick={onClick} onKeyDown={onKeyDown}>
      <div className={styles.gutter}>
        {compact ? time : follows ? time : <button type="button" tabIndex={-1} className={styles.face} aria-label={t('chat.profile_of', { name })} onClick={() => go({ kind: 'profile', userId: message.author_id })}><Avatar id={message.author_id} name={name} url={author?.avatar_url} bot={author?.is_bot === true} deactivated={author?.deactivated === true} /></button>}
      </div>
      <div className={styles.body}>
        {broadcast && <button type="button" tabIndex={-1} className={styles.broadcast} onClick={acts.may.link ? () => list.openThread(view) : undefined}><CornerDownRight size={14} aria-hidden="true" />{t('chat.broadcast')}</button>}
        {message.pinned && !message.deleted && <span className={styles.pinned}><Pin size={14} aria-hidden="true" />{t('chat.pinned')}</span>}
        {showName ? (
          <span className={styles.head}>
            <button type="button" tabIndex={-1} id={`${id}author`} className={styles.name} onClick={() => go({ kind: 'profile', userId: message.author_id })}><bdi>{name}</bdi></button>
            {(author?.is_bot === true || message.kind === 'bot') && <span className={styles.tag}>{t('chat.app')}</span>}
            {author?.status && <span className={styles.status} title={author.status.text}>{author.status.emoji}</span>}
            {!compact && time}
            {message.imported && <span className={styles.imported} title={t('chat.imported')}>{t('chat.imported.mark')}</span>}
          </span>
        ) : <span id={`${id}author`} className="visually-hidden">{name}</span>}
        {editing ? <RowEdit view={view} acts={acts} onDone={() => { list.setEditing(null); list.focusRow(view.key); }} /> : (
          <div id={`${id}text`} className={cx(styles.content, message.kind === 'me' && styles.me, view.pending?.act === 'send' && view.pending.kind !== 'sending' && styles.unsent)}>
            {message.deleted ? <p className={styles.deleted}>{t('chat.deleted')}</p> : (message.content !== '' || message.files.length === 0) && <MessageText id={message.id} rev={message.rev} content={message.content} after={edited} />}
          </div>
        )}
        {!message.deleted && message.files.length > 0 && <LazyMessageFiles id={`${id}files`} files={message.files} unsent={view.pending?.act === 'send'} onHold={hold} />}
        {!editing && <MessageCards id={`${id}card`} message={message} onRemove={acts.removeCard} />}
        {message.reactions.length > 0 && <Reactions id={`${id}reactions`} reactions={message.reactions} onReact={acts.may.react ? acts.react : null} />}
        {list.rootId === null && message.thread !== null && <ThreadSummary id={`${id}thread`} view={view} onOpen={() => list.openThread(view)} />}
        {view.pending && <RowState id={`${id}state`} view={view} onEdit={() => list.setEditing(view.key)} />}
      </div>
      {(near || held) && !editing && !message.deleted && view.pending?.act !== 'send' && message.kind !== 'system' && <ActionBar acts={acts} onHold={hold} />}
    </div>
  );
}

/** Whom a message was resolved to is listed up to 50: beyond that, whose group it names now. */
/** Or links that may have one; a title that is not there names nothing. */
const hasCards = (message: Message): boolean => !message.deleted && (message.cards !== undefined || message.content.includes('/w/'));

function namesMe({ author_id, mentions }: Message, me: string, inGroup: (groupId: string) => boolean): boolean {
  if (author_id === me) return false;
  return mentions.user_ids.includes(me) || (mentions.target_ids?.includes(me) ?? false) || mentions.everyone === 'channel' || ((mentions.target_ids?.length ?? 0) >= LIMITS.listed_people && mentions.group_ids.some(inGroup));
}
