import { FilePlus, RotateCw, X } from 'lucide-react';
import { useEffect, useRef, useSyncExternalStore } from 'react';
import { useText } from '../../i18n/text.tsx';
import { useConnection, useEngine, useUpload } from '../../state/engine.tsx';
import { announce } from '../../ui/announce.ts';
import { cx } from '../../ui/cx.ts';
import { IconButton } from '../../ui/icon-button.tsx';
import { giveAgain } from './add-files.ts';
import styles from './files.module.css';
import { kindOf, thumbAddress } from './kinds.ts';
import { LocalPicture } from './local-picture.tsx';
import { FileFacts } from './message-files.tsx';
import { previews } from './previews.ts';
import { storedFiles } from './stored.ts';
import { percentOf, Ring, stateWords } from './upload-mark.tsx';

/** CMP-8: what is added to the text that one writes, each with how far it is and the way out. */
export function Attachments({ channelId, rootId, files, onLast }: { channelId: string; rootId: string | null; files: readonly string[]; onLast(): void }) {
  const t = useText();
  const engine = useEngine();
  const list = useRef<HTMLUListElement>(null);
  const remove = (id: string) => {
    const at = files.indexOf(id);
    engine.detach(channelId, rootId, id);
    // A11-5: to its neighbour, else back to the text.
    requestAnimationFrame(() => {
      const buttons = list.current?.querySelectorAll<HTMLElement>('[data-remove]') ?? [];
      if (buttons.length === 0) onLast();
      else buttons[Math.min(at, buttons.length - 1)]?.focus();
    });
  };
  return (
    <ul ref={list} className={styles.strip} aria-label={t('files.to_send')}>
      {files.map((id) => <Attachment key={id} id={id} onRemove={() => remove(id)} />)}
    </ul>
  );
}

function Attachment({ id, onRemove }: { id: string; onRemove(): void }) {
  const t = useText();
  const engine = useEngine();
  const upload = useUpload(id);
  const stored = useStored(id, upload === null);
  const local = useSyncExternalStore(previews.subscribe, () => previews.of(id));
  const input = useRef<HTMLInputElement>(null);
  const file = upload ?? stored;
  const state = upload?.state ?? null;
  const name = file?.name ?? t('files.unnamed');
  const done = useRef(state?.kind === 'done');
  useEffect(() => {
    if (state?.kind === 'done' && !done.current) announce(t('files.uploaded', { name }));
    done.current = state?.kind === 'done';
  }, [state?.kind, name, t]);
  const picture = file && kindOf(file) === 'picture' ? (local ?? (upload === null ? thumbAddress(id) : undefined)) : undefined;
  const bad = state?.kind === 'refused' || state?.kind === 'lost' || stored === null;
  const words = stored === null && upload === null ? t('files.gone') : state ? stateWords(t, state, upload?.size ?? 0) : '';
  return (
    <li className={cx(styles.attachment, bad && styles.badTile)}>
      {picture !== undefined ? <img src={picture} alt="" className={styles.small} width={44} height={44} decoding="async" /> : null}
      {upload !== null && kindOf(upload) === 'picture' && local === undefined && <LocalPicture id={id} />}
      {picture !== undefined ? <span className={styles.facts}><bdi className={styles.fileName}>{name}</bdi><span className={cx(styles.soft, bad && styles.bad)}>{words}</span></span> : (
        <>
          <FileFacts file={{ name, size: file?.size ?? 0, mime: file?.mime ?? '' }} />
          {words !== '' && <span className={cx(styles.soft, styles.words, bad && styles.bad)}>{words}</span>}
        </>
      )}
      {(state?.kind === 'sending' || state?.kind === 'waiting') && <Ring percent={percentOf(state, upload?.size ?? 0)} label={t('files.uploading', { name })} />}
      {(state?.kind === 'stopped' || state?.kind === 'refused') && <IconButton label={t(state.kind === 'stopped' ? 'files.resume_named' : 'files.retry_named', { name })} onClick={() => void engine.resumeUpload(id)}><RotateCw size={16} strokeWidth={1.75} aria-hidden="true" /></IconButton>}
      {state?.kind === 'lost' && (
        <>
          <IconButton label={t('files.add_again', { name })} onClick={() => input.current?.click()}><FilePlus size={16} strokeWidth={1.75} aria-hidden="true" /></IconButton>
          <input ref={input} type="file" hidden tabIndex={-1} aria-hidden="true" onChange={(event) => { const again = event.target.files?.[0]; if (again) void giveAgain(engine, id, again); event.target.value = ''; }} />
        </>
      )}
      <IconButton label={t('files.remove', { name })} data-remove="" onClick={onRemove}><X size={16} strokeWidth={1.75} aria-hidden="true" /></IconButton>
    </li>
  );
}

/** A file of another device; asked for when there is a connection. */
function useStored(id: string, wanted: boolean) {
  const live = useConnection().kind === 'live';
  useEffect(() => { if (wanted) void storedFiles.want(id); }, [id, wanted, live]);
  return useSyncExternalStore(storedFiles.subscribe, () => storedFiles.of(id));
}
