import type { Card } from '@parley/shared/protocol/entities';
import { useEffect, useRef, useState } from 'react';
import { thumbHashToRGBA } from 'thumbhash';
import styles from './cards.module.css';

/** A picture in its box: blurred until it is there, and still when it does not come. */
export function CardPicture({ image }: { image: NonNullable<Card['image']> }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (canvas.current) draw(canvas.current, image.thumbhash);
  }, [image.thumbhash]);
  return (
    <span className={styles.picture} aria-hidden="true">
      <canvas ref={canvas} />
      {!failed && <img src={image.url} alt="" width={image.width} height={image.height} loading="lazy" decoding="async" onError={() => setFailed(true)} />}
    </span>
  );
}

function draw(canvas: HTMLCanvasElement, hash: string): void {
  try {
    const { w, h, rgba } = thumbHashToRGBA(Uint8Array.from(atob(hash), (c) => c.charCodeAt(0)));
    canvas.width = w;
    canvas.height = h;
    canvas.getContext('2d')?.putImageData(new ImageData(new Uint8ClampedArray(rgba), w, h), 0, 0);
  } catch (error) {
    console.warn('A placeholder could not be drawn.', error);
  }
}
