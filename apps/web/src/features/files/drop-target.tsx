import { useEffect, useRef, useState } from 'react';
import { useText } from '../../i18n/text.tsx';
import { useChannel } from '../../state/engine.tsx';
import { useChannelName } from '../../state/people.ts';
import { panes } from '../message-list/panes.ts';
import styles from './drop.module.css';

const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;

/**
 * CMP-8: files dropped anywhere on the pane that this stands in are added to its text; with Shift, to the thread's that
 * is open beside it. Elsewhere a drop does nothing: the browser would leave the application for the file.
 */
export function DropTarget({ channelId, rootId, beside = null }: { channelId: string; rootId: string | null; beside?: string | null }) {
  const t = useText();
  const name = useChannelName(useChannel(channelId));
  const mark = useRef<HTMLSpanElement>(null);
  const [over, setOver] = useState<'here' | 'thread' | null>(null);
  useEffect(() => {
    const pane = mark.current?.parentElement;
    if (!pane) return;
    let depth = 0;
    const target = (event: DragEvent) => (rootId !== null || (event.shiftKey && beside !== null) ? 'thread' as const : 'here' as const);
    const takes = () => panes.composer(channelId, rootId)?.addFiles !== undefined;
    const enter = (event: DragEvent) => { if (!carriesFiles(event) || !takes()) return; depth += 1; setOver(target(event)); };
    const move = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      event.stopPropagation();
      if (event.dataTransfer) event.dataTransfer.dropEffect = takes() ? 'copy' : 'none';
      if (takes()) setOver(target(event));
    };
    const leave = (event: DragEvent) => { if (!carriesFiles(event)) return; depth = Math.max(0, depth - 1); if (depth === 0) setOver(null); };
    const drop = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      event.stopPropagation();
      depth = 0;
      setOver(null);
      // A folder has no bytes of its own.
      const files = [...(event.dataTransfer?.items ?? [])].filter((item) => item.kind === 'file' && item.webkitGetAsEntry()?.isDirectory !== true).flatMap((item) => item.getAsFile() ?? []);
      const root = target(event) === 'thread' ? (rootId ?? beside) : null;
      if (files.length > 0) panes.composer(channelId, root)?.addFiles?.(files);
    };
    const outside = (event: DragEvent) => { if (carriesFiles(event)) { event.preventDefault(); if (event.dataTransfer) event.dataTransfer.dropEffect = 'none'; } };
    pane.addEventListener('dragenter', enter);
    pane.addEventListener('dragover', move);
    pane.addEventListener('dragleave', leave);
    pane.addEventListener('drop', drop);
    window.addEventListener('dragover', outside);
    window.addEventListener('drop', outside);
    return () => {
      pane.removeEventListener('dragenter', enter);
      pane.removeEventListener('dragover', move);
      pane.removeEventListener('dragleave', leave);
      pane.removeEventListener('drop', drop);
      window.removeEventListener('dragover', outside);
      window.removeEventListener('drop', outside);
    };
  }, [channelId, rootId, beside]);
  return <span ref={mark} hidden={over === null} className={over === null ? undefined : styles.drop}>{over === null ? null : over === 'thread' ? t('files.drop_thread') : t('files.drop', { channel: name })}</span>;
}
