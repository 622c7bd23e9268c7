import type { Timeline } from '@parley/shared/sync/api';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { useText } from '../../i18n/text.tsx';
import { useChannel, useEngine, useThread } from '../../state/engine.tsx';
import { useChannelName } from '../../state/people.ts';
import { usePlace } from '../../state/place.tsx';
import { useReadable } from '../../state/readable.ts';
import { Skeleton } from '../../ui/skeleton.tsx';
import { useChat } from '../message-text/chat-context.tsx';
import { leftAt, MessageListView, type JumpRequest, type MessageListHandle } from './message-list-view.tsx';
import styles from './message-list-view.module.css';
import { opensAt } from './opening.ts';
import { panes } from './panes.ts';

export interface MessageListProps { channelId: string; rootId?: string | null; covered?: boolean }

/** The messages of a channel or a thread, opened where the person left off. */
export function MessageList(props: MessageListProps) {
  // Another conversation is another list: place, heights and drafts are kept outside of it.
  return <OpenList key={`${props.channelId}/${props.rootId ?? ''}`} {...props} />;
}

function OpenList({ channelId, rootId = null, covered = false }: MessageListProps) {
  const t = useText();
  const { preferences, go } = useChat();
  const place = usePlace();
  const channel = useChannel(channelId);
  const thread = useThread(rootId ?? '');
  const name = useChannelName(channel);
  const timeline = useTimeline(channelId, rootId);
  const view = useReadable(timeline);
  const readSeq = rootId === null ? (channel?.membership?.read_seq ?? Math.max(view.headSeq, channel?.headSeq ?? 0)) : (thread?.read_seq ?? view.headSeq);
  const messageId = place.channelId === channelId && (place.rootId === rootId || rootId === null && place.rootId === null) ? place.messageId : null;
  const jump = useMemo<JumpRequest | null>(() => (messageId === null || messageId === rootId ? null : { token: messageId, target: { messageId } }), [messageId, rootId]);

  // What must be there before the list is shown: the line, or the newest page. What is cached is shown at once.
  const [ready, setReady] = useState(false);
  const [asked, setAsked] = useState(false);
  const head = Math.max(view.headSeq, channel?.headSeq ?? 0);
  useEffect(() => {
    if (ready || (channel === null && rootId === null)) return;
    const first = readSeq + 1;
    const atLine = rootId === null && preferences.openAt === 'left' && (channel?.unread ?? 0) > 0 && first <= head && first >= view.firstSeq;
    const left = rootId === null && preferences.openAt === 'left' ? leftAt(channelId) : null;
    if (jump || opensAt(view, head, atLine ? first : null, left)) { setReady(true); return; }
    if (asked) return;
    setAsked(true);
    const load = atLine ? timeline.loadAround({ seq: first }) : timeline.loadNewest();
    void load.finally(() => setReady(true));
  }, [ready, asked, channel, channelId, rootId, readSeq, preferences.openAt, head, view, jump, timeline]);

  const onHandle = useCallback((handle: MessageListHandle | null) => (handle ? panes.addList(channelId, rootId, handle) : undefined), [channelId, rootId]);
  if (view.gone) return <div className={styles.frame} />;
  if (!ready) return <Waiting />;
  return (
    <MessageListView ref={onHandle} timeline={timeline} channelId={channelId} rootId={rootId} label={rootId === null ? t('channel.messages', { channel: name }) : t('chat.thread_feed', { channel: name })} readSeq={readSeq} readable={channel?.membership != null} jump={jump} covered={covered}
      onOpenThread={(message) => go({ kind: 'channel', channelId, rootId: message.message.parent_message_id ?? message.message.id })} onFocusComposer={() => panes.composer(channelId, rootId)?.focus()} />
  );
}

/** A timeline that is open exactly as long as somebody shows it. */
export function useTimeline(channelId: string, rootId: string | null): Timeline {
  const engine = useEngine();
  const [timeline, setTimeline] = useState(() => engine.timeline(channelId, rootId));
  useEffect(() => {
    // Mounted again after an unmount that closed it (development's double effects): a closed one is replaced.
    let mine = timeline;
    if (closed.has(mine)) { mine = engine.timeline(channelId, rootId); setTimeline(mine); }
    return () => { mine.close(); closed.add(mine); };
    // Per conversation: the list is keyed by it.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [engine, channelId, rootId]);
  return timeline;
}
const closed = new WeakSet<Timeline>();

/** Under 150 ms nothing, then a skeleton. */
function Waiting() {
  const t = useText();
  const [late, setLate] = useState(false);
  useEffect(() => { const timer = setTimeout(() => setLate(true), 150); return () => clearTimeout(timer); }, []);
  return <div className={styles.waiting} aria-busy="true" aria-label={t('chat.loading')} role="status">{late && [18, 26, 12, 30, 22].map((width) => <Skeleton key={width} width={width} height={1} />)}</div>;
}
