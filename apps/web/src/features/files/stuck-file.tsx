import { AlertCircle } from 'lucide-react';
import type { MessageView, PendingState } from '@parley/shared/sync/api';
import { useRef } from 'react';
import { useText } from '../../i18n/text.tsx';
import { useEngine, useUpload } from '../../state/engine.tsx';
import { Button } from '../../ui/button.tsx';
import rowStyles from '../message-list/message-row.module.css';
import { giveAgain } from './add-files.ts';
import { refusalOf } from './upload-mark.tsx';

/** CMP-9: one of the files of a message comes no further. The rest may go without it, or it is added again. */
export function StuckFile({ id, view, pending }: { id: string; view: MessageView; pending: Extract<PendingState, { kind: 'refused' }> }) {
  const t = useText();
  const engine = useEngine();
  const input = useRef<HTMLInputElement>(null);
  const stuck = view.message.files.find((file) => { const kind = engine.upload(file.id).get()?.state.kind; return kind === 'refused' || kind === 'lost'; });
  const upload = useUpload(stuck?.id ?? '');
  const item = () => engine.outbox.get().find((entry) => entry.key === view.key && entry.act === 'send');
  const name = stuck?.name ?? pending.detail;
  const alone = view.message.files.length === 1 && view.message.content === '';
  const why = upload?.state.kind === 'refused' ? refusalOf(t, upload.state) : t('files.lost');
  const without = () => { const entry = item(); if (entry && stuck) void engine.sendWithout(entry.id, stuck.id); };
  return (
    <div id={id} className={rowStyles.refused} role="group" aria-label={t('chat.refused.label')}>
      <AlertCircle size={16} aria-hidden="true" />
      <span>{t('files.stuck', { name, reason: why })}</span>
      {pending.code === 'file_lost' && stuck ? (
        <>
          <Button size="small" tabIndex={-1} onClick={() => input.current?.click()}>{t('files.add_again', { name })}</Button>
          <input ref={input} type="file" hidden tabIndex={-1} aria-hidden="true" onChange={(event) => { const again = event.target.files?.[0]; event.target.value = ''; if (again) void giveAgain(engine, stuck.id, again); }} />
        </>
      ) : <Button size="small" tabIndex={-1} onClick={() => { const entry = item(); if (entry) void engine.retry(entry.id); }}>{t('chat.retry')}</Button>}
      {!alone && <Button size="small" tabIndex={-1} onClick={without}>{t('files.send_without')}</Button>}
      <Button size="small" variant="danger" tabIndex={-1} onClick={() => { const entry = item(); if (entry) void engine.discard(entry.id); }}>{t('chat.delete')}</Button>
    </div>
  );
}
