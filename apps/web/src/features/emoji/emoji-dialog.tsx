import { ImagePlus, Trash2 } from 'lucide-react';
import { addEmoji, removeEmoji } from '@parley/shared/protocol/calls/emoji';
import { LIMITS } from '@parley/shared/protocol/limits';
import type { CustomEmoji } from '@parley/shared/protocol/entities';
import type { ResponseOf } from '@parley/shared/protocol/call';
import type { Outcome } from '@parley/shared/sync/ports';
import { useEffect, useRef, useState } from 'react';
import { useText } from '../../i18n/text.tsx';
import { addressOf, readOutcome } from '../../state/api.ts';
import { useCustomEmoji } from '../../state/engine.tsx';
import { useMay } from '../../state/permission.ts';
import { explain } from '../../state/problem.ts';
import { useCall } from '../../state/use-call.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { IconButton } from '../../ui/icon-button.tsx';
import dialogs from '../dialogs/dialogs.module.css';
import { CustomPicture } from './custom.tsx';
import styles from './emoji-dialog.module.css';
import { useEmojiIndex } from './use-emoji.ts';

const NAME = /^[a-z0-9_+-]{1,64}$/;
/** What is typed, or what a file is called, becomes what is allowed. */
export const emojiNameFrom = (text: string): string => text.normalize('NFKD').replace(/\p{M}+/gu, '').toLowerCase().replace(/^:|:$/g, '').replace(/\.[a-z]{3,4}$/, '').replace(/[\s.]+/g, '_').replace(/[^a-z0-9_+-]/g, '').slice(0, 64);

async function upload(workspaceId: string, name: string, file: Blob): Promise<Outcome<ResponseOf<typeof addEmoji>>> {
  let response: Response;
  try {
    response = await fetch(addressOf(addEmoji, { workspace_id: workspaceId, name }), { method: 'POST', credentials: 'same-origin', headers: { 'content-type': file.type || 'application/octet-stream' }, body: file });
  } catch (error) {
    return { kind: 'unreached', reason: error instanceof Error ? error.message : String(error) };
  }
  return readOutcome(addEmoji, response.status, response.headers.get('retry-after'), await response.text().catch(() => ''));
}

/** CMP-16: the workspace's own emoji, and another one from a picture. */
export function EmojiDialog({ workspaceId, onClose }: { workspaceId: string; onClose(): void }) {
  const t = useText();
  const custom = useCustomEmoji(workspaceId);
  const may = useMay(workspaceId, null)('workspace.groups_emoji');
  return (
    <Dialog title={t('command.emoji')} text={t('emoji.text')} closeLabel={t('app.close')} onClose={onClose} actions={<Button onClick={onClose}>{t('app.close')}</Button>}>
      {may && <AddForm workspaceId={workspaceId} custom={custom} />}
      {custom.length === 0 ? <p className={styles.soft}>{t('emoji.none')}</p> : (
        <ul className={styles.list} aria-label={t('command.emoji')}>
          {custom.map((emoji) => <Item key={emoji.id} emoji={emoji} may={may} />)}
        </ul>
      )}
    </Dialog>
  );
}

function AddForm({ workspaceId, custom }: { workspaceId: string; custom: readonly CustomEmoji[] }) {
  const t = useText();
  const index = useEmojiIndex();
  const input = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File | null>(null);
  const [shown, setShown] = useState<string | null>(null);
  const [name, setName] = useState('');
  const [busy, setBusy] = useState(false);
  const [tried, setTried] = useState(false);
  const [failed, setFailed] = useState<{ picture?: string; name?: string; other?: string }>({});
  useEffect(() => {
    if (file === null) return setShown(null);
    const url = URL.createObjectURL(file);
    setShown(url);
    return () => URL.revokeObjectURL(url);
  }, [file]);
  const nameError = failed.name ?? (custom.some((emoji) => emoji.name === name) ? t('emoji.taken', { name }) : index?.byName(name) ? t('emoji.standard', { name }) : tried && !NAME.test(name) ? t('emoji.rules') : null);
  const choose = (chosen: File | undefined) => {
    if (!chosen) return;
    setFailed(chosen.size > LIMITS.emoji_upload_bytes ? { picture: t('emoji.too_large') } : {});
    setFile(chosen);
    if (name === '') setName(emojiNameFrom(chosen.name));
  };
  const submit = async () => {
    setTried(true);
    if (busy || file === null || failed.picture || nameError !== null || !NAME.test(name)) return;
    setBusy(true);
    const outcome = await upload(workspaceId, name, file);
    setBusy(false);
    if (outcome.kind === 'ok') {
      setFile(null);
      setName('');
      setTried(false);
      setFailed({});
      if (input.current) input.current.value = '';
      return;
    }
    const code = outcome.kind === 'problem' ? outcome.problem.code : '';
    const aboutName = outcome.kind === 'problem' && outcome.problem.errors?.some((error) => error.path === 'name') === true;
    setFailed(code === 'conflict' ? { name: t('emoji.taken', { name }) } : aboutName ? { name: t('emoji.standard', { name }) } : code === 'unsupported_media_type' ? { picture: t('emoji.no_picture') } : code === 'too_large' ? { picture: t('emoji.too_large') } : { other: explain(outcome, t) ?? '' });
  };
  return (
    <form className={styles.form} onSubmit={(event) => { event.preventDefault(); void submit(); }}>
      <div className={styles.file}>
        <input ref={input} type="file" className="visually-hidden" tabIndex={-1} aria-label={t('emoji.picture')} accept="image/png,image/jpeg,image/gif,image/webp,image/avif" onChange={(event) => choose(event.target.files?.[0])} />
        <button type="button" className={styles.drop} aria-label={t('emoji.choose')} onClick={() => input.current?.click()} onDragOver={(event) => event.preventDefault()} onDrop={(event) => { event.preventDefault(); choose(event.dataTransfer.files[0]); }}>
          {shown === null ? <ImagePlus size={24} strokeWidth={1.75} aria-hidden="true" /> : <img src={shown} alt="" />}
        </button>
      </div>
      <Field className={styles.grow!} label={t('emoji.name')} hint={t('emoji.rules')} autoComplete="off" spellCheck={false} maxLength={66} value={name} error={nameError} onChange={(event) => { setName(emojiNameFrom(event.target.value)); setFailed((was) => ({ ...was, name: undefined }) as typeof was); }} />
      <Button type="submit" variant="primary" className={styles.submit} busy={busy}>{t('emoji.add')}</Button>
      {(failed.picture ?? failed.other ?? (tried && file === null ? t('emoji.need_picture') : null)) !== null && <p role="alert" className={`${dialogs.alert} ${styles.alert}`}>{failed.picture ?? failed.other ?? t('emoji.need_picture')}</p>}
    </form>
  );
}

function Item({ emoji, may }: { emoji: CustomEmoji; may: boolean }) {
  const t = useText();
  const remove = useCall(removeEmoji);
  const [sure, setSure] = useState(false);
  return (
    <li className={styles.item}>
      <span className={styles.picture}><CustomPicture emoji={emoji} named /></span>
      <bdi className={styles.name}>:{emoji.name}:</bdi>
      {remove.error !== null && <span role="alert" className={styles.soft}>{remove.error}</span>}
      {may && (sure ? <Button size="small" variant="danger" busy={remove.busy} onClick={() => void remove.run({ emoji_id: emoji.id })}>{t('emoji.remove_sure', { name: emoji.name })}</Button> : <IconButton label={t('emoji.remove', { name: emoji.name })} onClick={() => setSure(true)}><Trash2 size={16} strokeWidth={1.75} aria-hidden="true" /></IconButton>)}
    </li>
  );
}
