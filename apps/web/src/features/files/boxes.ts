import type { AttachedFile } from '@parley/shared/sync/api';
import { kindOf } from './kinds.ts';

/** LST-25: one picture at most so large; several in rows of one height; so many at most, the rest behind a number. */
export const ONE = { width: 360, height: 320 };
export const ROW_HEIGHT = 160;
export const MOST_SHOWN = 8;
const LEAST = 48;
const NARROWEST = 96;
const GAP = 4;
const TILE = 60;
const VIDEO = { width: 360, height: 203 };
const AUDIO = 54;

export interface Box { width: number; height: number }
type Sized = Pick<AttachedFile, 'width' | 'height'>;

/** The box of a single picture: as large as it is, and no larger than the limit. */
export function boxOfOne({ width = 1, height = 1 }: Sized): Box {
  const scale = Math.min(1, ONE.width / width, ONE.height / height);
  return { width: Math.max(LEAST, Math.round(width * scale)), height: Math.max(LEAST, Math.round(height * scale)) };
}

/** The box of one among several: all of one height, cut where it would be too narrow or too wide. */
export function boxOfMany({ width = 1, height = 1 }: Sized): Box {
  return { width: Math.min(ROW_HEIGHT * 1.8, Math.max(NARROWEST, Math.round((ROW_HEIGHT * width) / height))), height: ROW_HEIGHT };
}

export const boxOfVideo = ({ width, height }: Sized): Box => (width && height ? boxOfOne({ width, height }) : VIDEO);

export const sizesOf = (box: Box) => ({ '--box-width': `${box.width}px`, '--box-ratio': `${box.width} / ${box.height}` });

/** How high what is no picture stands, with the space below each. */
export function heightOfOthers(files: readonly AttachedFile[]): number {
  let height = 0;
  for (const file of files) {
    const kind = kindOf(file);
    if (kind === 'other') height += TILE;
    else if (kind === 'audio') height += AUDIO + GAP;
    else if (kind === 'video') height += boxOfVideo(file).height + GAP;
  }
  return height;
}

/** How high all files of a message stand in so much width, before any of them is loaded (LST-12). */
export function heightOfFiles(files: readonly AttachedFile[], width: number): number {
  const pictures = files.filter((file) => kindOf(file) === 'picture');
  let height = files.length > 0 ? 8 : 0;
  if (pictures.length === 1) {
    const box = boxOfOne(pictures[0]!);
    height += box.width > width ? (box.height * width) / box.width : box.height;
  } else if (pictures.length > 1) {
    let used = 0;
    let rows = 1;
    for (const picture of pictures.slice(0, MOST_SHOWN)) {
      const next = Math.min(boxOfMany(picture).width, width);
      if (used > 0 && used + GAP + next > width) {
        rows += 1;
        used = next;
      } else used += (used > 0 ? GAP : 0) + next;
    }
    height += rows * ROW_HEIGHT + (rows - 1) * GAP;
  }
  return height + heightOfOthers(files);
}
