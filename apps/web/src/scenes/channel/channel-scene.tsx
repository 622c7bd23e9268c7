import { useEffect, useRef, useState } from 'react';
import { UUID_PATTERN } from '@parley/shared/domain/ids';
import { getMessages } from '@parley/shared/protocol/calls/messages';
import type { ChannelView } from '@parley/shared/sync/api';
import { callServer } from '../../state/api.ts';
import { Part } from '../../app/part.tsx';
import { ChannelHeader } from '../../features/channel-header/channel-header.tsx';
import { ComposerPlace } from '../../features/channel-header/composer-place.tsx';
import { FileDrop } from '../../features/files/file-drop.tsx';
import { MessageList } from '../../features/message-list/message-list.tsx';
import { TypingLine } from '../../features/message-list/typing-line.tsx';
import { useText } from '../../i18n/text.tsx';
import { useChannel, useChannels, useDraft, useEngine } from '../../state/engine.tsx';
import { useChannelName } from '../../state/people.ts';
import { usePlace } from '../../state/place.tsx';
import { go, paths } from '../../state/routes.ts';
import { useScreen } from '../../state/screen.ts';
import { Button } from '../../ui/button.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { showToast } from '../../ui/toast.tsx';
import styles from '../scene.module.css';

/** A conversation. LAY-7: the old one stays until the next can be painted. */
export function ChannelScene({ channelId }: { channelId: string }) {
  const known = useChannel(channelId);
  // The engine may still know a room that one is no member of; only public ones may be looked at.
  const view = known !== null && (known.membership !== null || known.channel.kind === 'public') ? known : null;
  const last = useRef<ChannelView | null>(null);
  useEffect(() => {
    if (view !== null) last.current = view;
  }, [view]);
  const before = last.current?.id === channelId ? last.current : null;
  // Who was a member of a room that only members see, and is none any more, has lost it: nobody needs to be asked.
  const taken = view === null && before !== null && before.channel.kind !== 'public';
  const lost = useLost(channelId, view === null && !taken);
  if (taken || lost) return <Lost channelId={channelId} name={before?.channel.name ?? null} />;
  if (view === null) return <Waiting />;
  return <Open view={view} />;
}

function Open({ view }: { view: ChannelView }) {
  const name = useChannelName(view);
  return (
    <main className={styles.scene} aria-label={name} id="main">
      <ChannelHeader view={view} />
      <Part resetKey={view.id}><Conversation key={view.id} view={view} /></Part>
    </main>
  );
}

/** List, composer and the line for typing; list and composer find each other by the channel. */
function Conversation({ view }: { view: ChannelView }) {
  const t = useText();
  const covered = useScreen((screen) => screen.dialog !== null);
  const { rootId } = usePlace();
  return (
    <>
      <div className={styles.chat} data-region="6"><MessageList channelId={view.id} covered={covered} /></div>
      <section data-region="7" aria-label={t('region.composer')}>
        <ComposerPlace view={view} />
        <TypingLine channelId={view.id} />
      </section>
      <FileDrop channelId={view.id} rootId={null} beside={rootId} />
    </>
  );
}

/** True once the server has said that one may not see it, or that it never was. */
function useLost(channelId: string, missing: boolean): boolean {
  const engine = useEngine();
  const [lost, setLost] = useState<string | null>(null);
  useEffect(() => {
    if (!missing) {
      setLost(null);
      return;
    }
    let current = true;
    const timeline = engine.timeline(channelId);
    const look = () => {
      if (timeline.get().gone) setLost(channelId);
    };
    look();
    const end = timeline.subscribe(look);
    if (UUID_PATTERN.test(channelId)) {
      void callServer(getMessages, { channel_id: channelId, page_size: 1 }).then((outcome) => {
        if (current && outcome.kind === 'problem' && (outcome.problem.code === 'not_found' || outcome.problem.code === 'forbidden')) setLost(channelId);
      });
    } else setLost(channelId);
    return () => {
      current = false;
      end();
      timeline.close();
    };
  }, [engine, channelId, missing]);
  return missing && lost === channelId;
}

function Waiting() {
  const t = useText();
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 150);
    return () => clearTimeout(timer);
  }, []);
  return (
    <main className={styles.scene} id="main" aria-busy="true" aria-label={t('app.loading')}>
      {late && (
        <div className={styles.body}>
          <div className={styles.column}>{[18, 26, 12, 22, 30].map((width) => <Skeleton key={width} width={width} height={1} />)}</div>
        </div>
      )}
    </main>
  );
}

/** OFF-11 and LAY-8: lost while one looked, or an address that leads nowhere. */
function Lost({ channelId, name }: { channelId: string; name: string | null }) {
  const t = useText();
  const engine = useEngine();
  const place = usePlace();
  const draft = useDraft(channelId, null);
  const general = useChannels(place.workspaceId).find((view) => view.channel.is_default) ?? null;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <main className={styles.scene} id="main" aria-label={t('channel.lost_title')}>
      <EmptyState action={<Button variant="primary" onClick={() => go(general === null ? paths.workspace(place.workspaceId) : paths.channel(place.workspaceId, general.id), { replace: true })}>{t('channel.go_to', { channel: general?.channel.name ?? 'general' })}</Button>}>
        <span ref={heading} tabIndex={-1} role="heading" aria-level={1}>{name === null ? t('app.not_found') : t('channel.lost', { channel: name })}</span>
      </EmptyState>
      {draft !== null && draft.content !== '' && (
        <div className={styles.column}>
          <div className={styles.card}>
            <strong>{t('channel.unsent_text')}</strong>
            <p dir="auto">{draft.content}</p>
            <div className={styles.row}>
              <Button size="small" onClick={() => void navigator.clipboard.writeText(draft.content).then(() => showToast(t('app.copied')))}>{t('app.copy')}</Button>
              <Button size="small" onClick={() => engine.setDraft(channelId, null, '')}>{t('app.discard')}</Button>
            </div>
          </div>
        </div>
      )}
    </main>
  );
}
