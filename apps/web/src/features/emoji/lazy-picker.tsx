import { lazy, Suspense } from 'react';
import type { EmojiPickerProps } from './emoji-picker.tsx';

const Picker = lazy(() => import('./emoji-picker.tsx').then((module) => ({ default: module.EmojiPicker })));

/** The picker comes on demand; its place keeps the size meanwhile. */
export function LazyEmojiPicker(props: EmojiPickerProps) {
  return <Suspense fallback={<div style={{ inlineSize: '19.75rem', blockSize: '24rem' }} />}><Picker {...props} /></Suspense>;
}
