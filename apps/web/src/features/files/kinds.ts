import { API_PREFIX } from '@parley/shared/protocol/version';
import type { AttachedFile } from '@parley/shared/sync/api';

export type FileKind = 'picture' | 'video' | 'audio' | 'other';
type Described = Pick<AttachedFile, 'mime' | 'width' | 'height'>;

/** A picture has a size: only then can its box be drawn before it is there. */
export function kindOf({ mime, width = 0, height = 0 }: Described): FileKind {
  if (/^image\/(png|jpeg|gif|webp|avif)$/.test(mime) && width > 0 && height > 0) return 'picture';
  if (mime.startsWith('video/')) return 'video';
  return mime.startsWith('audio/') ? 'audio' : 'other';
}

export const fileAddress = (id: string): string => `${API_PREFIX}/files/${id}`;
export const thumbAddress = (id: string): string => `${API_PREFIX}/files/${id}/thumb`;
/** As large as a screen needs it. */
export const largeAddress = (id: string): string => `${API_PREFIX}/files/${id}/large`;

/** `PDF` of `plan.pdf`; empty where the name has no ending of a few letters. */
export const endingOf = (name: string): string => /\.([a-z0-9]{1,8})$/i.exec(name)?.[1]?.toUpperCase() ?? '';

/** A size in the unit that fits, for `Intl`. */
export function unitOf(size: number): { value: number; unit: 'byte' | 'kilobyte' | 'megabyte' | 'gigabyte' } {
  if (size < 1_000) return { value: size, unit: 'byte' };
  if (size < 1_000_000) return { value: size / 1_000, unit: 'kilobyte' };
  if (size < 1_000_000_000) return { value: size / 1_000_000, unit: 'megabyte' };
  return { value: size / 1_000_000_000, unit: 'gigabyte' };
}
