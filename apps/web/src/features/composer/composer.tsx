import { parseMarkup } from '@parley/shared/domain/markup/parse';
import { walkInlines } from '@parley/shared/domain/markup/text';
import { lazy, Suspense, useCallback, useEffect, useImperativeHandle, useRef, useState, type Ref } from 'react';
import { useIntl } from 'react-intl';
import { withWords } from '../../i18n/catalogue.ts';
import { useText } from '../../i18n/text.tsx';
import { useChannel, useDraft, useEngine } from '../../state/engine.tsx';
import { useChannelName } from '../../state/people.ts';
import { announce } from '../../ui/announce.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { showToast } from '../../ui/toast.tsx';
import { loadEmoji } from '../emoji/use-emoji.ts';
import { panes } from '../message-list/panes.ts';
import { useChat } from '../message-text/chat-context.tsx';
import { ComposerBox, type ComposerBoxHandle } from './composer-box.tsx';
import styles from './composer.module.css';
import { DraftKeeper } from './draft-keeper.ts';
import { mayPost } from './may-post.ts';
import { SendMenu } from './send-menu.tsx';
import { heldAt, noteCaret, takeBack } from './undo-send.ts';
import { readReaction } from './triggers.ts';
import { untilLoaded } from '../../platform/until-loaded.ts';

export interface ComposerProps {
  channelId: string;
  rootId?: string | null;
  autoFocus?: boolean;
  /** Esc, when nothing else takes it; without it the channel is marked read (RED-6). */
  onEscape?(): boolean;
  ref?: Ref<ComposerBoxHandle>;
}

const TYPING_EVERY_MS = 3_000;
/** CMP-13: groups of more people than these are asked about. */
const ASK_FROM = 6;
const NO_FILES: readonly string[] = [];

/** The composer of a channel or a thread: drafts, sending, naming everybody. */
export function Composer(props: ComposerProps) {
  return <OpenComposer key={`${props.channelId}/${props.rootId ?? ''}`} {...props} />;
}

function OpenComposer({ channelId, rootId = null, autoFocus = rootId !== null || !window.matchMedia('(pointer:coarse)').matches, onEscape, ref }: ComposerProps) {
  const t = useText();
  const intl = useIntl();
  const engine = useEngine();
  const { preferences, actor } = useChat();
  const channel = useChannel(channelId);
  const channelName = useChannelName(channel);
  const list = () => panes.list(channelId, rootId);
  const box = useRef<ComposerBoxHandle>(null);
  const [also, setAlso] = useState(false);
  const [asking, setAsking] = useState<{ content: string; scope: 'channel' | 'here' | 'group'; people: number } | null>(null);
  const [first] = useState(() => engine.draft(channelId, rootId).get());
  const lastSent = useRef<string | null>(null);
  const caret = useRef(0);
  const typedAt = useRef(0);
  const [drafts] = useState(() => new DraftKeeper((content, base) => engine.setDraft(channelId, rootId, content, base), () => void engine.flushDrafts(), {
    later: (run, ms) => { const timer = setTimeout(run, ms); return () => clearTimeout(timer); }, now: () => performance.now(),
  }, first?.content ?? ''));
  const addFiles = useCallback((files: readonly File[]) => {
    void withWords(import('../files/add-files.ts')).then((module) => module.addFiles({ engine, channelId, rootId }, files, intl)).catch(() => showToast(t('app.needs_server')));
  }, [engine, channelId, rootId, t, intl]);
  const adding = useRef(addFiles);
  useEffect(() => { adding.current = addFiles; });
  const draftFiles = useDraft(channelId, rootId)?.files ?? NO_FILES;
  const [handle] = useState<ComposerBoxHandle>(() => ({ focus: () => box.current?.focus(), text: () => box.current?.text() ?? '', set: (text, caret) => { box.current?.set(text, caret); drafts.typed(text); }, flush: () => drafts.flush(), addFiles: (files) => adding.current(files) }));
  useImperativeHandle(ref, () => handle, [handle]);
  useEffect(() => panes.addComposer(channelId, rootId, handle), [channelId, rootId, handle]);

  useEffect(() => {
    const flush = () => drafts.flush();
    window.addEventListener('pagehide', flush);
    const hidden = () => { if (document.visibilityState === 'hidden') flush(); };
    document.addEventListener('visibilitychange', hidden);
    return () => { window.removeEventListener('pagehide', flush); document.removeEventListener('visibilitychange', hidden); flush(); };
  }, [drafts]);

  // The cache may open after the first paint, another tab or an edit taken back may bring a text: it fills an empty field. What
  // another device wrote or sent takes the place of the text that it was made from, while nobody types here.
  useEffect(() => {
    const draft = engine.draft(channelId, rootId);
    let before = draft.get();
    return draft.subscribe(() => {
      const now = draft.get();
      const content = now?.content ?? '';
      const shown = box.current?.text() ?? '';
      const follows = content === '' ? before?.content === shown : shown === '' || (now?.foreign === true && shown === drafts.current);
      before = now;
      if (content === shown || content === drafts.current || !drafts.isIdle || !follows) return;
      drafts.loaded(content);
      box.current?.set(content);
    });
  }, [engine, channelId, rootId, drafts]);

  const send = useCallback(async (content: string, quiet: boolean): Promise<boolean> => {
    const draft = engine.draft(channelId, rootId).get();
    const files = draft && draft.files.length > 0 ? (await import('../files/stored.ts')).filesToSend(engine, draft.files) : [];
    const clientMsgId = draft && (draft.content !== '' || files.length > 0) ? draft.clientMsgId : undefined;
    const me = /^\/me\s+/.exec(content);
    try {
      await engine.send({ channelId, rootId, content: me ? content.slice(me[0].length) : content, ...(me ? { kind: 'me' as const } : {}), ...(rootId !== null && also ? { broadcast: true } : {}), ...(quiet ? { quiet: true } : {}), ...(clientMsgId === undefined ? {} : { clientMsgId }), ...(files.length > 0 ? { files } : {}), ...(preferences.undoSend > 0 ? { holdMs: preferences.undoSend * 1_000 } : {}) });
    } catch {
      // The outbox could not keep it: the text stays in the field.
      announce(t('chat.send.refused'), 'now');
      showToast(t('chat.send.refused'));
      return false;
    }
    lastSent.current = content;
    drafts.sent();
    setAlso(false);
    noteCaret(channelId, rootId, content, caret.current);
    announce(preferences.undoSend > 0 ? t('chat.held', { n: preferences.undoSend }) : t('chat.sent'));
    requestAnimationFrame(() => panes.list(channelId, rootId)?.toEnd());
    return true;
  }, [engine, channelId, rootId, also, t, drafts, preferences.undoSend]);

  // What waits is asked for at once by Ctrl+Z, so it is followed.
  useEffect(() => engine.outbox.subscribe(() => undefined), [engine]);
  const undoSend = () => {
    const item = heldAt(engine, channelId, rootId);
    if (item === null) return false;
    void takeBack(engine, channelId, rootId, item, t);
    return true;
  };
  const schedule = () => void withWords(import('./schedule.ts')).then((module) => module.pickAndSchedule({ engine, channelId, rootId, content: box.current?.text() ?? '', broadcast: rootId !== null && also, t, done: () => { drafts.sent(); box.current?.set(''); setAlso(false); box.current?.focus(); } }));
  const sendQuietly = async () => {
    const content = box.current?.text() ?? '';
    if ((content.trim() !== '' || draftFiles.length > 0) && await send(content, true)) box.current?.set('');
    box.current?.focus();
  };

  const submit = (content: string, at: number): boolean | Promise<boolean> => {
    caret.current = at;
    const reaction = draftFiles.length > 0 ? null : readReaction(content);
    const last = reaction === null ? null : (list()?.lastMessage() ?? null);
    if (reaction !== null && last) {
      return loadEmoji('en').then((index) => index.byName(reaction)?.glyph ?? reaction, () => reaction).then((glyph) => {
        drafts.sent();
        return engine.react(channelId, last.message.id, glyph, true).then(() => true);
      });
    }
    const named = [...walkInlines(parseMarkup(content))];
    const everyone = named.find((node) => node.type === 'everyone');
    if (everyone?.type === 'everyone') { setAsking({ content, scope: everyone.scope, people: (channel?.channel.member_count ?? 1) - 1 }); return false; }
    const groups = [...new Set(named.flatMap((node) => (node.type === 'group' ? [node.id] : [])))].map((id) => engine.group(id).get()).filter((group) => group !== null && !group.archived);
    if (groups.some((group) => group!.member_count > ASK_FROM)) {
      const people = groups.reduce((sum, group) => sum + group!.member_count, 0);
      setAsking({ content, scope: 'group', people: Math.min(people, (channel?.channel.member_count ?? people + 1) - 1) });
      return false;
    }
    return send(content, false);
  };
  const typed = (content: string) => {
    drafts.typed(content);
    const now = performance.now();
    if (preferences.sendTyping && content !== '' && !content.startsWith('/') && now - typedAt.current >= TYPING_EVERY_MS) { typedAt.current = now; engine.setTyping(channelId, rootId); }
  };
  const confirm = async (quiet: boolean) => {
    if (!asking) return;
    const { content } = asking;
    setAsking(null);
    if (await send(content, quiet)) box.current?.set('');
    box.current?.focus();
  };
  const recall = () => lastSent.current;
  // A channel's own scene says more; in threads and elsewhere one line is enough.
  const blocked = !channel ? null : channel.channel.archived ? t('chat.archived') : channel.channel.importing === true ? t('chat.importing') : channel.membership === null ? t('chat.not_member', { channel: channelName }) : !mayPost(channel, actor) ? t('chat.posting_limited') : null;
  if (blocked !== null) return <div className={styles.composer}><div className={styles.notice}>{blocked}</div></div>;
  const direct = channel?.channel.kind === 'dm' || channel?.channel.kind === 'group_dm';
  const label = rootId !== null ? t('threads.reply_in') : t('channel.composer', { channel: channelName });

  return (
    <div className={styles.composer}>
      <DraftConflictGate channelId={channelId} rootId={rootId} text={() => box.current?.text() ?? ''} put={(text) => { box.current?.set(text); drafts.typed(text); drafts.flush(); }} />
      <ComposerBox ref={box} mode={rootId === null ? 'message' : 'thread'} channelId={channelId} rootId={rootId} label={label} initial={first?.content ?? ''} submitLabel={t('chat.send')} autoFocus={autoFocus}
        onSubmit={submit} onChange={typed} onBlur={() => drafts.flush()} onEmptyUp={() => list()?.editLast() ?? false} onRecall={recall} onUndoSend={undoSend} onSchedule={schedule} sendMenu={<SendMenu onSchedule={schedule} onQuiet={() => void sendQuietly()} />} onEscape={() => { if (onEscape) return onEscape(); if (rootId !== null || !preferences.escMarksRead) return false; list()?.markRead(); return true; }}
        onShiftTab={() => { list()?.focusLast(); return true; }} onReactLast={() => { list()?.focusLast(); requestAnimationFrame(() => document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key: 'r', bubbles: true }))); }}
        onFiles={addFiles} attached={draftFiles.length > 0} between={draftFiles.length > 0 ? <Suspense fallback={null}><Attachments channelId={channelId} rootId={rootId} files={draftFiles} onLast={() => box.current?.focus()} /></Suspense> : undefined}
        below={rootId !== null && !direct ? <label className={styles.also}><input type="checkbox" checked={also} onChange={(event) => setAlso(event.target.checked)} />{t('chat.also_send', { channel: channelName })}</label> : undefined} />
      {asking && (
        <Dialog title={t('chat.notify', { n: Math.max(0, asking.people), scope: asking.scope })} closeLabel={t('app.close')} onClose={() => { setAsking(null); box.current?.focus(); }}
          actions={<><Button onClick={() => { setAsking(null); box.current?.focus(); }}>{t('chat.back')}</Button><Button onClick={() => void confirm(true)}>{t('chat.send_quiet')}</Button><Button variant="primary" onClick={() => void confirm(false)}>{t('chat.send')}</Button></>} />
      )}
    </div>
  );
}

const Attachments = lazy(() => untilLoaded(() => withWords(import('../files/attachments.tsx'))).then((m) => ({ default: m.Attachments })));
const DraftConflict = lazy(() => untilLoaded(() => import('./draft-conflict.tsx')).then((m) => ({ default: m.DraftConflict })));

/** CMP-10: shows only where another device has another text. */
function DraftConflictGate(props: { channelId: string; rootId: string | null; text(): string; put(text: string): void }) {
  const view = useDraft(props.channelId, props.rootId);
  if (view === null || view.others.length === 0) return null;
  return <Suspense fallback={null}><DraftConflict {...props} view={view} /></Suspense>;
}
