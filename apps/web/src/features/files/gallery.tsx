import { ChevronLeft, ChevronRight, Download, MessageSquare, RotateCw, X, ZoomIn, ZoomOut } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import { useRef, useState, useSyncExternalStore, type KeyboardEvent, type PointerEvent } from 'react';
import type { File } from '@parley/shared/protocol/entities';
import { useText } from '../../i18n/text.tsx';
import { IconButton } from '../../ui/icon-button.tsx';
import styles from './gallery.module.css';
import { fileAddress, largeAddress } from './kinds.ts';
import { previews } from './previews.ts';
import { useBytes } from './use-bytes.ts';

const STEPS = [1, 1.5, 2, 3, 4, 6, 8];

export interface GalleryProps {
  files: readonly File[];
  start: number;
  onClose(): void;
  /** Leads to the message that carries a picture. */
  onShowMessage?(file: File): void;
}

/** Pictures one after the other: arrows browse, + and − zoom, R turns, D takes, Esc ends. Closing gives the focus back. */
export function Gallery({ files, start, onClose, onShowMessage }: GalleryProps) {
  const t = useText();
  const bytes = useBytes();
  const [index, setIndex] = useState(Math.min(start, files.length - 1));
  const [look, setLook] = useState({ step: 0, turn: 0, x: 0, y: 0 });
  const [failed, setFailed] = useState<string | null>(null);
  const stage = useRef<HTMLDivElement>(null);
  // The row that opened it goes on; without a trigger of its own the dialog knows not where to go back to.
  const [opener] = useState(() => document.activeElement);
  const taking = useRef<HTMLAnchorElement>(null);
  const dragged = useRef<{ x: number; y: number } | null>(null);
  const file = files[index] as File;
  const local = useSyncExternalStore(previews.subscribe, () => previews.of(file.id));
  const zoom = STEPS[look.step] ?? 1;

  const show = (next: number) => {
    if (next < 0 || next >= files.length) return;
    setIndex(next);
    setLook({ step: 0, turn: 0, x: 0, y: 0 });
  };
  const zoomBy = (by: 1 | -1) => setLook((was) => {
    const step = Math.max(0, Math.min(STEPS.length - 1, was.step + by));
    return step === 0 ? { ...was, step, x: 0, y: 0 } : { ...was, step };
  });
  const turn = () => setLook((was) => ({ ...was, turn: (was.turn + 90) % 360 }));
  const take = () => taking.current?.click();
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.nativeEvent.isComposing) return;
    const forward = document.documentElement.dir === 'rtl' ? -1 : 1;
    const acts: Record<string, (() => void) | undefined> = {
      ArrowRight: () => show(index + forward), ArrowLeft: () => show(index - forward), ArrowDown: () => show(index + 1), ArrowUp: () => show(index - 1), Home: () => show(0), End: () => show(files.length - 1),
      '+': () => zoomBy(1), '=': () => zoomBy(1), '-': () => zoomBy(-1), '−': () => zoomBy(-1), r: turn, d: take,
    };
    const act = acts[event.key] ?? acts[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
  const onPointerMove = (event: PointerEvent) => {
    const from = dragged.current;
    if (!from || look.step === 0) return;
    dragged.current = { x: event.clientX, y: event.clientY };
    setLook((was) => ({ ...was, x: was.x + event.clientX - from.x, y: was.y + event.clientY - from.y }));
  };
  const icon = { size: 18, strokeWidth: 1.75, 'aria-hidden': true } as const;

  return (
    <Radix.Root open onOpenChange={(open) => { if (!open) onClose(); }}>
      <Radix.Portal>
        <Radix.Content className={styles.gallery} aria-describedby={undefined} onKeyDown={onKeyDown} onOpenAutoFocus={(event) => { event.preventDefault(); stage.current?.focus(); }} onCloseAutoFocus={(event) => { event.preventDefault(); if (opener instanceof HTMLElement && opener.isConnected) opener.focus({ preventScroll: true }); }}>
          <header className={styles.head}>
            <Radix.Title className={styles.title}><bdi>{file.name}</bdi></Radix.Title>
            <span className={styles.facts}>{files.length > 1 && <span role="status">{t('files.nth', { n: index + 1, of: files.length })} · </span>}{file.width} × {file.height} · {bytes(file.size)}</span>
            {onShowMessage && <IconButton onRail label={t('files.show_message')} onClick={() => onShowMessage(file)}><MessageSquare {...icon} /></IconButton>}
            <IconButton onRail label={t('files.zoom_out')} keys="−" aria-disabled={look.step === 0 || undefined} onClick={() => zoomBy(-1)}><ZoomOut {...icon} /></IconButton>
            <IconButton onRail label={t('files.zoom_in')} keys="+" aria-disabled={look.step === STEPS.length - 1 || undefined} onClick={() => zoomBy(1)}><ZoomIn {...icon} /></IconButton>
            <IconButton onRail label={t('files.rotate')} keys="R" onClick={turn}><RotateCw {...icon} /></IconButton>
            <IconButton onRail label={t('files.download')} keys="D" onClick={take}><Download {...icon} /></IconButton>
            <a ref={taking} href={fileAddress(file.id)} download={file.name} hidden>{t('files.download')}</a>
            <Radix.Close asChild><IconButton onRail label={t('app.close')} keys="Esc"><X {...icon} /></IconButton></Radix.Close>
          </header>
          <div
            ref={stage} className={styles.stage} tabIndex={0} role="group" aria-label={t('files.picture', { name: file.name })} data-zoomed={look.step > 0 || undefined}
            onPointerDown={(event) => { dragged.current = { x: event.clientX, y: event.clientY }; event.currentTarget.setPointerCapture(event.pointerId); }} onPointerMove={onPointerMove} onPointerUp={() => { dragged.current = null; }}
            onDoubleClick={() => setLook((was) => (was.step > 0 ? { ...was, step: 0, x: 0, y: 0 } : { ...was, step: 2 }))}
          >
            {failed === file.id ? <p className={styles.failed}>{t('files.away')}</p> : (
              <img key={file.id} className={styles.picture} src={local ?? largeAddress(file.id)} alt={file.name} width={file.width} height={file.height} draggable={false} onError={() => setFailed(file.id)} style={{ '--zoom': `${zoom}`, '--turn': `${look.turn}deg`, '--pan-x': `${look.x}px`, '--pan-y': `${look.y}px` }} />
            )}
          </div>
          {index > 0 && <IconButton onRail className={styles.before} label={t('files.previous')} onClick={() => show(index - 1)}><ChevronLeft size={24} aria-hidden="true" /></IconButton>}
          {index < files.length - 1 && <IconButton onRail className={styles.after} label={t('files.next')} onClick={() => show(index + 1)}><ChevronRight size={24} aria-hidden="true" /></IconButton>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
