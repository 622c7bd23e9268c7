import { Hash, Lock } from 'lucide-react';
import { useId, useMemo, useState, type ReactNode } from 'react';
import { getUsers } from '@parley/shared/protocol/calls/accounts';
import { openDm } from '@parley/shared/protocol/calls/channels';
import type { Message } from '@parley/shared/protocol/entities';
import { useText } from '../../i18n/text.tsx';
import { useChannel, useChannels, useEngine, useUser } from '../../state/engine.tsx';
import { nameOf, partnersOf, useChannelName, useUsers } from '../../state/people.ts';
import { go, paths } from '../../state/routes.ts';
import { useCall } from '../../state/use-call.ts';
import { usePages } from '../../state/use-pages.ts';
import { announce } from '../../ui/announce.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { Banner } from '../../ui/banner.tsx';
import { Button } from '../../ui/button.tsx';
import { Chip } from '../../ui/chip.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { showToast } from '../../ui/toast.tsx';
import { mayPost } from '../composer/may-post.ts';
import { useChat } from '../message-text/chat-context.tsx';
import { MessageText } from '../message-text/message-text.tsx';
import { forwarded, hidesOriginal } from '../message-text/forwarded.ts';
import people from '../people/people.module.css';
import { rank, scores, type Entry } from '../switcher/rank.ts';
import styles from './dialogs.module.css';

interface Target extends Entry {
  name: string;
  detail: string;
  icon: ReactNode;
  /** Null for a person with whom there is no conversation yet. */
  channelId: string | null;
  userId: string | null;
}

const SHOWN = 8;

/** LST-32: the message goes on as its address, which is a card for those who may see it and says nothing to others. */
export function ForwardDialog({ workspaceId, message, onClose }: { workspaceId: string; message: Message; onClose(): void }) {
  const t = useText();
  const engine = useEngine();
  const { origin, preferences } = useChat();
  const [target, setTarget] = useState<Target | null>(null);
  const [comment, setComment] = useState('');
  const [tried, setTried] = useState(false);
  const source = useChannel(message.channel_id);
  const sourceName = useChannelName(source);
  const author = useUser(message.author_id);
  const dm = useCall(openDm);
  const send = async () => {
    setTried(true);
    if (target === null) return;
    const channelId = target.channelId ?? (await dm.run({ workspace_id: workspaceId, user_ids: [target.userId!] }))?.id;
    if (channelId === undefined) return;
    const content = forwarded(comment, { workspaceId: source?.workspaceId ?? workspaceId, channelId: message.channel_id, messageId: message.id, ...(message.parent_message_id !== null && !message.broadcast ? { rootId: message.parent_message_id } : {}) }, origin);
    try {
      await engine.send({ channelId, content, ...(preferences.undoSend > 0 ? { holdMs: preferences.undoSend * 1_000 } : {}) });
    } catch {
      return showToast(t('chat.send.refused'));
    }
    onClose();
    showToast(t('forward.done', { name: target.name }), { label: t('forward.open'), run: () => go(paths.channel(workspaceId, channelId)) });
  };
  return (
    <Dialog title={t('forward.title')} closeLabel={t('app.close')} onClose={onClose} onSubmit={() => void send()} guard={() => comment.trim() !== ''}
      actions={<><Button onClick={onClose}>{t('app.cancel')}</Button><Button type="submit" variant="primary" busy={dm.busy}>{t('forward.submit')}</Button></>}>
      {dm.error !== null && <p role="alert" className={styles.alert}>{dm.error}</p>}
      <TargetPicker workspaceId={workspaceId} chosen={target} onChange={setTarget} error={tried && target === null ? t('forward.need_target') : null} />
      {hidesOriginal(source, target?.channelId ?? null) && <Banner>{t('forward.private', { channel: sourceName })}</Banner>}
      <TextField label={t('forward.comment')} maxLength={4_000} value={comment} onChange={(event) => setComment(event.target.value)} />
      <blockquote className={styles.original} aria-label={t('forward.original')}>
        <span className={styles.by}><Avatar id={message.author_id} name={author?.display_name ?? ''} size={1.25} url={author?.avatar_url} /><bdi>{author?.display_name ?? t('person.unknown')}</bdi></span>
        <MessageText id={message.id} rev={message.rev} content={message.content} />
        {message.files.length > 0 && <span className={styles.when}>{message.files.map((file) => file.name).join(', ')}</span>}
      </blockquote>
    </Dialog>
  );
}

/** One conversation or person: a combobox over what one may post in, and the directory. */
function TargetPicker({ workspaceId, chosen, onChange, error }: { workspaceId: string; chosen: Target | null; onChange(target: Target | null): void; error: string | null }) {
  const t = useText();
  const id = useId();
  const engine = useEngine();
  const { actor } = useChat();
  const [query, setQuery] = useState('');
  const [at, setAt] = useState(0);
  const [used] = useState(() => scores(Date.now()));
  const views = useChannels(workspaceId);
  const partnerIds = useMemo(() => [...new Set(views.filter((view) => view.channel.name === '').flatMap((view) => partnersOf(view, engine.accountId)))], [views, engine.accountId]);
  const users = useUsers(partnerIds);
  const needle = query.trim();
  const directory = usePages(getUsers, needle === '' ? null : { workspace_id: workspaceId, query: needle.slice(0, 100), page_size: 10 });
  const conversations = useMemo<readonly Target[]>(() => views.filter((view) => mayPost(view, actor)).map((view) => {
    const name = nameOf(view, engine.accountId, users, t);
    const partner = view.channel.name === '' ? (partnersOf(view, engine.accountId)[0] ?? view.id) : null;
    return {
      id: view.id, name, text: `${name} ${partner === null ? '' : (users.get(partner)?.username ?? '')}`, detail: partner === null ? view.channel.topic : '', weight: Math.min(used(view.id) * 10, 900), channelId: view.id, userId: null,
      icon: partner === null ? view.channel.kind === 'private' ? <Lock size={18} strokeWidth={1.75} aria-hidden="true" /> : <Hash size={18} strokeWidth={1.75} aria-hidden="true" /> : <Avatar id={partner} name={name} size={1.5} />,
    };
  }), [views, users, engine.accountId, t, used, actor]);
  const known = useMemo(() => new Set(views.filter((view) => view.channel.kind === 'dm').flatMap((view) => partnersOf(view, engine.accountId))), [views, engine.accountId]);
  const options: readonly Target[] = [
    ...rank(conversations, needle, SHOWN),
    ...(directory.items ?? []).filter((user) => !user.deactivated && !known.has(user.id)).map((user): Target => ({
      id: user.id, name: user.display_name, text: user.display_name, detail: `@${user.username}`, weight: 0, channelId: null, userId: user.id, icon: <Avatar id={user.id} name={user.display_name} size={1.5} url={user.avatar_url} bot={user.is_bot} />,
    })),
  ].slice(0, SHOWN);
  const selected = Math.min(at, options.length - 1);
  const choose = (target: Target | undefined) => {
    if (!target) return;
    onChange(target);
    announce(target.name);
  };
  if (chosen !== null) return <div className={people.picker}><div className={people.box}><Chip icon={chosen.icon} removeLabel={t('people.remove_chip', { name: chosen.name })} onRemove={() => onChange(null)}><bdi>{chosen.name}</bdi></Chip></div></div>;
  return (
    <div className={people.picker}>
      <div className={people.box}>
        <input
          className={people.input} role="combobox" aria-label={t('forward.to')} aria-expanded={options.length > 0} aria-controls={`${id}-list`} aria-autocomplete="list" autoComplete="off" spellCheck={false} autoFocus
          aria-activedescendant={selected >= 0 ? `${id}-${selected}` : undefined} aria-invalid={error === null ? undefined : true} aria-describedby={error === null ? undefined : `${id}-error`} placeholder={t('forward.placeholder')} value={query}
          onChange={(event) => { setQuery(event.target.value); setAt(0); }}
          onKeyDown={(event) => {
            if (event.nativeEvent.isComposing) return;
            if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
              event.preventDefault();
              setAt(options.length === 0 ? 0 : (selected + (event.key === 'ArrowDown' ? 1 : -1) + options.length) % options.length);
            } else if (event.key === 'Enter') {
              event.preventDefault();
              choose(options[selected]);
            }
          }}
        />
      </div>
      {error !== null && <p role="alert" id={`${id}-error`} className={styles.alert}>{error}</p>}
      <ul className={people.options} role="listbox" id={`${id}-list`} aria-label={t('people.suggestions')}>
        {options.map((option, index) => (
          <li key={option.id} id={`${id}-${index}`} role="option" aria-selected={index === selected} className={people.option} onPointerMove={() => setAt(index)} onClick={() => choose(option)}>
            {option.icon}<span className={people.text}><bdi>{option.name}</bdi>{option.detail !== '' && <span className={people.soft}>{option.detail}</span>}</span>
          </li>
        ))}
        {options.length === 0 && <li role="option" aria-selected="false" aria-disabled="true" className={people.none}>{directory.loading ? t('app.loading') : t('people.none')}</li>}
      </ul>
    </div>
  );
}
