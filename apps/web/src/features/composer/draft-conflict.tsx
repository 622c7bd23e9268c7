import { useState, useSyncExternalStore } from 'react';
import { getDevices } from '@parley/shared/protocol/calls/accounts';
import type { DraftView } from '@parley/shared/sync/api';
import { useText } from '../../i18n/text.tsx';
import { useEngine } from '../../state/engine.tsx';
import { usePages } from '../../state/use-pages.ts';
import { Banner } from '../../ui/banner.tsx';
import { Button } from '../../ui/button.tsx';
import { showToast } from '../../ui/toast.tsx';
import styles from './composer.module.css';
import { choices } from './draft-choices.ts';

const DEVICES = { page_size: 100 };

/** CMP-10: two texts of one place. Nothing is dropped before the person has chosen, and the choice can be taken back. */
export function DraftConflict({ view, text, put }: { view: DraftView; text(): string; put(text: string): void }) {
  const t = useText();
  const engine = useEngine();
  const [both, setBoth] = useState(false);
  const chosen = useSyncExternalStore(choices.subscribe, choices.get);
  const other = view.others.find((one) => !chosen.has(one.id));
  // Known once the server has said; until then, and without it, it is another device.
  const device = usePages(getDevices, DEVICES).items?.find((one) => one.device_id === other?.deviceId)?.name ?? '';
  if (other === undefined) return null;
  const mine = view.content !== '' || view.files.length > 0;
  const choose = (taken: boolean) => {
    const before = text();
    if (taken) {
      put(other.content);
      if (other.fileIds.length > 0) engine.attachStored(view.channelId, view.rootId, other.fileIds);
    }
    choices.choose(other.id, () => engine.dropDraft(other.id));
    setBoth(false);
    showToast(t(taken ? 'chat.draft_taken' : 'chat.draft_dropped'), { label: t('chat.undo'), run: () => { if (choices.undo(other.id) && taken) put(before); } });
  };
  return (
    <Banner actions={(
      <>
        {!both && <Button size="small" onClick={() => setBoth(true)}>{t('chat.draft_both')}</Button>}
        <Button size="small" onClick={() => choose(false)}>{t('chat.draft_keep')}</Button>
        <Button size="small" onClick={() => choose(true)}>{t('chat.draft_take')}</Button>
      </>
    )}>
      {device === '' ? t(mine ? 'chat.draft_other' : 'chat.draft_other_only') : t(mine ? 'chat.draft_other_at' : 'chat.draft_other_only_at', { device })}
      {both && <blockquote className={styles.other} dir="auto" aria-label={t('chat.draft_theirs')}>{other.content}{other.fileIds.length > 0 && <div>{t('chat.draft_files', { n: other.fileIds.length })}</div>}</blockquote>}
    </Banner>
  );
}
