import { describe, expect, it } from 'vitest';
import { boxOfMany, boxOfOne, heightOfFiles, ROW_HEIGHT } from './boxes.ts';
import { endingOf, kindOf, unitOf } from './kinds.ts';
import { percentOf } from './upload-mark.tsx';

const picture = (width: number, height: number) => ({ id: `${width}x${height}`, name: 'a.png', size: 1, mime: 'image/png', width, height });
const paper = { id: 'p', name: 'plan.pdf', size: 10, mime: 'application/pdf' };

describe('files of a message', () => {
  it('LST-25 one picture fits into 360 × 320, keeps its shape, and is never enlarged', () => {
    expect(boxOfOne({ width: 3_600, height: 1_800 })).toEqual({ width: 360, height: 180 });
    expect(boxOfOne({ width: 1_000, height: 4_000 })).toEqual({ width: 80, height: 320 });
    expect(boxOfOne({ width: 100, height: 60 })).toEqual({ width: 100, height: 60 });
    expect(boxOfOne({ width: 1, height: 1 })).toEqual({ width: 48, height: 48 });
  });
  it('LST-25 several pictures are of one height', () => {
    for (const size of [[4_000, 300], [300, 4_000], [800, 600]] as const) expect(boxOfMany({ width: size[0], height: size[1] }).height).toBe(ROW_HEIGHT);
  });
  it('LST-12 the height is known from what the message says of its files', () => {
    expect(heightOfFiles([], 800)).toBe(0);
    expect(heightOfFiles([picture(3_600, 1_800)], 800)).toBe(188);
    expect(heightOfFiles([picture(3_600, 1_800)], 180)).toBe(98);
    expect(heightOfFiles([picture(800, 600), picture(800, 600)], 800)).toBe(168);
    expect(heightOfFiles([picture(800, 600), picture(800, 600)], 300)).toBe(168 + 164);
    expect(heightOfFiles(Array.from({ length: 12 }, () => picture(800, 600)), 440)).toBe(heightOfFiles(Array.from({ length: 8 }, () => picture(800, 600)), 440));
    expect(heightOfFiles([paper, paper], 800)).toBe(8 + 120);
  });
  it('a picture is what has a size and a kind that browsers draw', () => {
    expect(kindOf(picture(10, 10))).toBe('picture');
    expect(kindOf({ mime: 'image/png' })).toBe('other');
    expect(kindOf({ mime: 'image/svg+xml', width: 10, height: 10 })).toBe('other');
    expect(kindOf({ mime: 'video/mp4' })).toBe('video');
    expect(endingOf('report.final.PDF')).toBe('PDF');
    expect(endingOf('README')).toBe('');
    expect(unitOf(1_500_000)).toEqual({ value: 1.5, unit: 'megabyte' });
  });
  it('CMP-8 an upload is never shown as whole before the server has it', () => {
    expect(percentOf({ kind: 'sending', sent: 100 }, 100)).toBe(99);
    expect(percentOf({ kind: 'stopped', sent: 50, retryAt: null }, 100)).toBe(50);
    expect(percentOf({ kind: 'waiting' }, 100)).toBe(0);
    expect(percentOf({ kind: 'sending', sent: 0 }, 0)).toBe(0);
  });
});
