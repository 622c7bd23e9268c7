import { thumbHashToRGBA } from 'thumbhash';

/** Draws a thumbhash onto a canvas. Nothing where it is none. */
export function drawThumbhash(canvas: HTMLCanvasElement, hash: string): void {
  try {
    const { w, h, rgba } = thumbHashToRGBA(Uint8Array.from(atob(hash), (c) => c.charCodeAt(0)));
    canvas.width = w;
    canvas.height = h;
    canvas.getContext('2d')?.putImageData(new ImageData(new Uint8ClampedArray(rgba), w, h), 0, 0);
  } catch (error) {
    console.warn('A placeholder could not be drawn.', error);
  }
}
