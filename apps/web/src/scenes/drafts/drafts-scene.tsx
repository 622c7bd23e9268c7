import { FileClock, PencilLine } from 'lucide-react';
import { useState } from 'react';
import { useIntl } from 'react-intl';
import { Link } from 'wouter';
import type { DraftView, OutboxItem } from '@parley/shared/sync/api';
import { useText, type Translate } from '../../i18n/text.tsx';
import { useChannel, useDrafts, useEngine, useOutbox, useScheduled } from '../../state/engine.tsx';
import { useChannelName } from '../../state/people.ts';
import { usePlace } from '../../state/place.tsx';
import { go, paths } from '../../state/routes.ts';
import { Button } from '../../ui/button.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { showToast } from '../../ui/toast.tsx';
import { SceneHead } from '../scene-head.tsx';
import styles from '../scene.module.css';
import { ScheduledList } from './scheduled-list.tsx';
import { SentList } from './sent-list.tsx';

/** DRF-1: what is written and not sent, what is sent at a time, every act that waits or was refused, and what was sent. */
export function DraftsScene() {
  const t = useText();
  const outbox = useOutbox();
  const scheduled = useScheduled();
  const [tab, setTab] = useState<'drafts' | 'scheduled' | 'outbox' | 'sent'>(() => {
    // What is just on its way is nothing to look at.
    if (outbox.some(({ state }) => state.kind === 'waiting' || state.kind === 'refused')) return 'outbox';
    return scheduled.some((one) => one.state === 'failed') ? 'scheduled' : 'drafts';
  });
  const tabs = [
    { value: 'drafts', label: t('drafts.drafts'), panel: <Drafts /> },
    { value: 'scheduled', label: scheduled.length > 0 ? t('drafts.scheduled_n', { n: scheduled.length }) : t('drafts.scheduled'), panel: tab === 'scheduled' ? <ScheduledList /> : null },
    { value: 'outbox', label: outbox.length > 0 ? t('drafts.outbox_n', { n: outbox.length }) : t('drafts.outbox'), panel: <Outbox items={outbox} /> },
    { value: 'sent', label: t('drafts.sent'), panel: tab === 'sent' ? <SentList /> : null },
  ] as const;
  return (
    <main className={styles.scene} id="main" aria-label={t('sidebar.drafts')}>
      <SceneHead title={t('sidebar.drafts')} />
      <div className={styles.body} data-region="6">
        <Tabs className={styles.column!} label={t('sidebar.drafts')} value={tab} onChange={setTab} tabs={tabs} />
      </div>
    </main>
  );
}

function Drafts() {
  const t = useText();
  const drafts = useDrafts();
  if (drafts.length === 0) return <EmptyState icon={<PencilLine aria-hidden="true" />}>{t('drafts.none')}</EmptyState>;
  return <ul className={styles.list}>{drafts.map((draft) => <Draft key={`${draft.channelId}/${draft.rootId ?? ''}`} draft={draft} />)}</ul>;
}

function Draft({ draft }: { draft: DraftView }) {
  const t = useText();
  const intl = useIntl();
  const engine = useEngine();
  const place = usePlace();
  const view = useChannel(draft.channelId);
  const name = useChannelName(view) || t('scheduled.unknown');
  const href = paths.channel(view?.workspaceId ?? place.workspaceId, draft.channelId, { rootId: draft.rootId ?? undefined });
  const [other] = draft.others;
  const own = draft.content !== '' || draft.files.length > 0;
  const content = own ? draft.content : (other?.content ?? '');
  const files = own ? draft.files.length : (other?.fileIds.length ?? 0);
  const drop = () => {
    if (draft.content === '' && draft.files.length === 0 && other !== undefined) return engine.dropDraft(other.id);
    const { channelId, rootId } = draft;
    // What the server has can come back; what was on its way is let go of.
    const files = draft.files.flatMap((id) => { const state = engine.upload(id).get()?.state; return state === undefined ? id : state.kind === 'done' ? state.file.id : []; });
    for (const id of draft.files) engine.detach(channelId, rootId, id);
    engine.setDraft(channelId, rootId, '');
    showToast(t('drafts.deleted'), { label: t('app.undo'), run: () => {
      engine.setDraft(channelId, rootId, content);
      if (files.length > 0) engine.attachStored(channelId, rootId, files);
    } });
  };
  return (
    <li className={styles.item}>
      <Link href={href} className={styles.text}>
        <span><bdi className={styles.strong}>{name}</bdi>{draft.rootId !== null && <> · {t('drafts.in_thread')}</>}</span>
        {content !== '' && <span dir="auto">{content.slice(0, 200)}</span>}
        {files > 0 && <span className={styles.soft}>{t('drafts.files', { n: files })}</span>}
        <span className={styles.soft}>{intl.formatDate(draft.updatedAt || other?.updatedAt, { dateStyle: 'medium', timeStyle: 'short' })}{own && draft.others.length > 0 && <> · {t('drafts.conflict', { n: draft.others.length })}</>}</span>
      </Link>
      <Button size="small" onClick={() => go(href)}>{t('app.edit')}</Button>
      <Button size="small" onClick={() => void navigator.clipboard.writeText(content).then(() => showToast(t('app.copied')))}>{t('app.copy')}</Button>
      <Button size="small" onClick={drop}>{t('app.delete')}</Button>
    </li>
  );
}

function Outbox({ items }: { items: readonly OutboxItem[] }) {
  const t = useText();
  if (items.length === 0) return <EmptyState icon={<FileClock aria-hidden="true" />}>{t('drafts.none_waiting')}</EmptyState>;
  return <ul className={styles.list}>{items.map((item) => <Waiting key={item.id} item={item} />)}</ul>;
}

/** OFF-7 to OFF-9 in words. */
export function fateOf(item: OutboxItem, now: number, t: Translate): { text: string; refused: boolean } {
  const { state } = item;
  if (state.kind === 'sending') return { text: t('drafts.sending'), refused: false };
  if (state.kind === 'held') return { text: t('drafts.held', { seconds: Math.max(1, Math.ceil((state.until - now) / 1000)) }), refused: false };
  if (state.kind === 'waiting') {
    if (state.reason === 'files') return { text: t('drafts.waiting_files', { n: state.files }), refused: false };
    if (state.reason === 'storage_full') return { text: t('drafts.storage_full'), refused: false };
    if (state.reason === 'old') return { text: t('drafts.old'), refused: true };
    if (state.retryAt !== null && state.reason === 'rate_limited') return { text: t('drafts.again', { seconds: Math.max(1, Math.ceil((state.retryAt - now) / 1000)) }), refused: false };
    return { text: t('drafts.waiting'), refused: false };
  }
  const known = { forbidden: t('drafts.refused_forbidden'), not_found: t('drafts.refused_not_found'), too_large: t('drafts.refused_too_large'), file_refused: t('drafts.file_refused', { name: state.detail }), file_lost: t('drafts.file_lost', { name: state.detail }) } as Record<string, string>;
  return { text: t('drafts.refused', { reason: known[state.code] ?? state.detail }), refused: true };
}

function Waiting({ item }: { item: OutboxItem }) {
  const t = useText();
  const intl = useIntl();
  const engine = useEngine();
  const place = usePlace();
  const view = useChannel(item.channelId ?? 'none');
  const name = useChannelName(view);
  const fate = fateOf(item, Date.now(), t);
  const { content, channelId, rootId } = item;
  const edit = async () => {
    if (channelId === null || content === null) return;
    const before = engine.draft(channelId, rootId).get()?.content ?? '';
    engine.setDraft(channelId, rootId, before.trim() === '' ? content : `${before}\n${content}`);
    if (item.files.length > 0) engine.attachStored(channelId, rootId, item.files.map((file) => file.id));
    await engine.flushDrafts();
    await engine.discard(item.id);
    go(paths.channel(view?.workspaceId ?? place.workspaceId, channelId, { rootId: rootId ?? undefined }));
  };
  return (
    <li className={styles.item}>
      <div className={styles.text}>
        <span><strong>{t(`act.${item.act}`)}</strong>{name !== '' && <> · <bdi>{name}</bdi></>}</span>
        {content !== null && content !== '' && <span dir="auto">{content.slice(0, 300)}</span>}
        {item.files.length > 0 && <span className={styles.soft}>{item.files.map((file) => file.name).join(' · ').slice(0, 300)}</span>}
        <span className={fate.refused ? styles.reason : styles.soft}>{fate.text} · {intl.formatDate(item.state.since, { dateStyle: 'medium', timeStyle: 'short' })}</span>
      </div>
      <div className={styles.row}>
        {item.state.kind !== 'sending' && <Button size="small" onClick={() => void engine.retry(item.id)}>{t('app.retry')}</Button>}
        {(item.act === 'send' || item.act === 'schedule') && <Button size="small" onClick={() => void edit()}>{t('app.edit')}</Button>}
        {content !== null && <Button size="small" onClick={() => void navigator.clipboard.writeText(content).then(() => showToast(t('app.copied')))}>{t('app.copy')}</Button>}
        <Button size="small" onClick={() => void engine.discard(item.id)}>{t('app.delete')}</Button>
      </div>
    </li>
  );
}
