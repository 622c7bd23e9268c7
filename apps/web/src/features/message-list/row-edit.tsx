import type { MessageView } from '@parley/shared/sync/api';
import { useEffect, useState } from 'react';
import { useText } from '../../i18n/text.tsx';
import { useEngine } from '../../state/engine.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ComposerBox } from '../composer/composer-box.tsx';
import { useList } from './list-context.ts';
import styles from './message-row.module.css';
import type { MessageActs } from './use-message-acts.ts';

/** LST-20: editing in the row with the composer. Enter saves, Esc cancels and asks when the text was changed. */
export function RowEdit({ view, acts, onDone }: { view: MessageView; acts: MessageActs; onDone(): void }) {
  const t = useText();
  const engine = useEngine();
  const { channelId, rootId, focusComposer } = useList();
  const [asking, setAsking] = useState<'discard' | 'delete' | null>(null);
  const original = view.message.content;
  const unsent = view.pending?.act === 'send';
  const [kept, setKept] = useState(original);

  // A refused message is taken back into the composer: its text becomes the draft and the refused one goes.
  useEffect(() => {
    if (!unsent) return;
    const item = engine.outbox.get().find((entry) => entry.key === view.key && entry.act === 'send');
    const before = engine.draft(channelId, rootId).get()?.content ?? '';
    engine.setDraft(channelId, rootId, before === '' ? original : `${before}\n${original}`);
    if (view.message.files.length > 0) engine.attachStored(channelId, rootId, view.message.files.map((file) => file.id));
    void engine.flushDrafts().then(() => (item ? engine.discard(item.id) : undefined)).then(() => { onDone(); focusComposer(); });
    // Once, when editing begins.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  if (unsent) return null;

  const save = (content: string) => {
    if (content.trim() === '') { setAsking('delete'); return false; }
    if (content !== original) void engine.edit(view.message.channel_id, view.message.id, content);
    onDone();
    return true;
  };
  const cancel = (content: string) => {
    setKept(content);
    if (content !== original) setAsking('discard');
    else onDone();
  };
  return (
    <div className={styles.editor}>
      <ComposerBox mode="edit" channelId={channelId} rootId={rootId} label={t('chat.edit_message')} initial={original} autoFocus onSubmit={save} onCancel={cancel} submitLabel={t('chat.save')} />
      {asking === 'discard' && (
        <Dialog title={t('chat.discard_edit')} closeLabel={t('app.close')} onClose={() => setAsking(null)}
          actions={<><Button onClick={() => setAsking(null)}>{t('chat.keep_editing')}</Button><Button variant="danger" onClick={() => { setAsking(null); onDone(); }}>{t('chat.discard')}</Button></>}>
          <p className={styles.quoted}>{kept}</p>
        </Dialog>
      )}
      {asking === 'delete' && (
        <Dialog title={t('chat.delete_ask')} closeLabel={t('app.close')} onClose={() => setAsking(null)}
          actions={<><Button onClick={() => setAsking(null)}>{t('chat.cancel')}</Button><Button variant="danger" onClick={() => { setAsking(null); onDone(); acts.delete(); }}>{t('chat.delete')}</Button></>} />
      )}
    </div>
  );
}
