import { Download, File as Paper, FileAudio, FileVideo, Image as ImageIcon } from 'lucide-react';
import { getFile } from '@parley/shared/protocol/calls/files';
import type { Message } from '@parley/shared/protocol/entities';
import { lazy, Suspense, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { withWords } from '../../i18n/catalogue.ts';
import { useText } from '../../i18n/text.tsx';
import { callServer } from '../../state/api.ts';
import { useConnection } from '../../state/engine.tsx';
import { cx } from '../../ui/cx.ts';
import { boxOfMany, boxOfOne, boxOfVideo, MOST_SHOWN, sizesOf, type Box } from './boxes.ts';
import styles from './files.module.css';
import { endingOf, fileAddress, kindOf, thumbAddress } from './kinds.ts';
import { previews } from './previews.ts';
import { useBytes } from './use-bytes.ts';
import { untilLoaded } from '../../platform/until-loaded.ts';

type File = Message['files'][number];
const Gallery = lazy(() => untilLoaded(() => withWords(import('./gallery.tsx'))).then((m) => ({ default: m.Gallery })));
const UploadMark = lazy(() => untilLoaded(() => withWords(import('./upload-mark.tsx'))).then((m) => ({ default: m.UploadMark })));
const LocalPicture = lazy(() => untilLoaded(() => import('./local-picture.tsx')).then((m) => ({ default: m.LocalPicture })));

/**
 * LST-25: what a message carries. Boxes are known before anything is loaded. Places are counted, not named by id: the
 * same node goes on when the server's ids take the place of this device's.
 */
export function MessageFiles({ id, files, unsent, onHold }: { id: string; files: readonly File[]; unsent: boolean; onHold?(held: boolean): void }) {
  const t = useText();
  const [shown, setShown] = useState<number | null>(null);
  const pictures = files.filter((file) => kindOf(file) === 'picture');
  const others = files.filter((file) => kindOf(file) !== 'picture');
  const open = (index: number | null) => { setShown(index); onHold?.(index !== null); };
  return (
    <div id={id} role="group" aria-label={filesLabel(t, files)} className={styles.files}>
      {pictures.length > 0 && (
        <div className={styles.pictures}>
          {pictures.slice(0, MOST_SHOWN).map((file, i) => (
            <Picture key={i} file={file} box={pictures.length === 1 ? boxOfOne(file) : boxOfMany(file)} more={i === MOST_SHOWN - 1 ? pictures.length - MOST_SHOWN : 0} unsent={unsent} onOpen={() => open(i)} />
          ))}
        </div>
      )}
      {others.map((file, i) => <OtherFile key={i} file={file} unsent={unsent} />)}
      {shown !== null && <Suspense fallback={null}><Gallery files={pictures} start={shown} onClose={() => open(null)} /></Suspense>}
    </div>
  );
}

/** “2 pictures, 1 file” (A11-3). */
export function filesLabel(t: ReturnType<typeof useText>, files: readonly Pick<File, 'mime' | 'width' | 'height'>[]): string {
  const pictures = files.filter((file) => kindOf(file) === 'picture').length;
  const others = files.length - pictures;
  return t('files.label', { pictures, others, both: pictures > 0 && others > 0 ? 'yes' : 'no' });
}

type Fate = 'here' | 'away' | 'gone';

function Picture({ file, box, more, unsent, onOpen }: { file: File; box: Box; more: number; unsent: boolean; onOpen(): void }) {
  const t = useText();
  // The server's id in place of this device's: the picture that is drawn already stays.
  const [known, setKnown] = useState(file.id);
  if (known !== file.id) {
    previews.inherit(known, file.id);
    setKnown(file.id);
  }
  const local = useSyncExternalStore(previews.subscribe, () => previews.of(file.id));
  const { fate, address, failed } = useFate(file.id);
  const source = local ?? (unsent ? undefined : address);
  const [drawn, setDrawn] = useState<string | null>(null);
  if (fate === 'gone' && local === undefined) return <div className={styles.picture} style={sizesOf(box)}><span className={styles.fate}>{t('files.gone')}</span></div>;
  return (
    <div className={styles.picture} style={sizesOf(box)}>
      {file.thumbhash !== undefined && drawn === null && <Placeholder hash={file.thumbhash} />}
      {source !== undefined && (fate === 'here' || local !== undefined) && <img src={source} alt="" width={box.width} height={box.height} loading="lazy" decoding="async" className={styles.image} onLoad={() => setDrawn(source)} onError={failed} />}
      {unsent && local === undefined && <Suspense fallback={null}><LocalPicture id={file.id} /></Suspense>}
      {fate === 'away' && local === undefined && <span className={styles.fate}>{t('files.away')}</span>}
      {more > 0 && <span className={styles.more} aria-hidden="true">+{more}</span>}
      <button type="button" tabIndex={-1} className={styles.opener} aria-label={more > 0 ? t('files.open_more', { name: file.name, n: more }) : t('files.open', { name: file.name })} title={file.name} disabled={source === undefined} onClick={onOpen} />
      {unsent && <Suspense fallback={null}><UploadMark id={file.id} over /></Suspense>}
    </div>
  );
}

/** Whether the server's picture can be had. One that failed is tried again when there is a connection anew. */
function useFate(id: string): { fate: Fate; address: string; failed(): void } {
  const live = useConnection().kind === 'live';
  const [state, setState] = useState<{ fate: Fate; turn: number }>({ fate: 'here', turn: 0 });
  useEffect(() => { if (live) setState((was) => (was.fate === 'away' ? { fate: 'here', turn: was.turn + 1 } : was)); }, [live]);
  const failed = () => {
    setState((was) => ({ ...was, fate: 'away' }));
    void callServer(getFile, { id }).then((outcome) => {
      if (outcome.kind === 'problem' && outcome.problem.status === 404) setState((was) => ({ ...was, fate: 'gone' }));
    });
  };
  return { fate: state.fate, address: `${thumbAddress(id)}${state.turn > 0 ? `?again=${state.turn}` : ''}`, failed };
}

/** What a picture will look like, until it is there. */
function Placeholder({ hash }: { hash: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    let current = true;
    void import('./placeholder.ts').then(({ drawThumbhash }) => { if (current && canvas.current) drawThumbhash(canvas.current, hash); }, () => undefined);
    return () => { current = false; };
  }, [hash]);
  return <canvas ref={canvas} width={32} height={32} className={styles.image} aria-hidden="true" />;
}

function OtherFile({ file, unsent }: { file: File; unsent: boolean }) {
  const kind = kindOf(file);
  if (!unsent && kind === 'video') return <video className={styles.video} style={sizesOf(boxOfVideo(file))} src={fileAddress(file.id)} controls preload="metadata" aria-label={file.name} tabIndex={-1} />;
  if (!unsent && kind === 'audio') return <audio className={styles.audio} src={fileAddress(file.id)} controls preload="metadata" aria-label={file.name} tabIndex={-1} />;
  return unsent ? (
    <div className={styles.tile}>
      <FileFacts file={file} />
      <Suspense fallback={null}><UploadMark id={file.id} /></Suspense>
    </div>
  ) : <FileTile file={file} />;
}

/** A file that one can only take: type, name, size. */
export function FileTile({ file, tabIndex = -1 }: { file: File; tabIndex?: number }) {
  const t = useText();
  return (
    <a className={styles.tile} href={fileAddress(file.id)} download={file.name} tabIndex={tabIndex} aria-label={t('files.download_named', { name: file.name })}>
      <FileFacts file={file} />
      <Download size={18} strokeWidth={1.75} aria-hidden="true" className={styles.tileAct} />
    </a>
  );
}

export function FileFacts({ file }: { file: Pick<File, 'name' | 'size' | 'mime'> }) {
  const bytes = useBytes();
  const icon = { size: 22, strokeWidth: 1.5, 'aria-hidden': true } as const;
  return (
    <>
      <span className={styles.sign}>{file.mime.startsWith('video/') ? <FileVideo {...icon} /> : file.mime.startsWith('audio/') ? <FileAudio {...icon} /> : file.mime.startsWith('image/') ? <ImageIcon {...icon} /> : <Paper {...icon} />}</span>
      <span className={styles.facts}>
        <bdi className={styles.fileName}>{file.name}</bdi>
        <span className={cx(styles.soft)}>{[endingOf(file.name), file.size > 0 ? bytes(file.size) : ''].filter(Boolean).join(' · ')}</span>
      </span>
    </>
  );
}
