import type { Card } from '@parley/shared/protocol/entities';
import { useEffect, useRef, useState } from 'react';
import { drawThumbhash } from '../files/placeholder.ts';
import styles from './cards.module.css';

/** A picture in its box: blurred until it is there, and still when it does not come. */
export function CardPicture({ image }: { image: NonNullable<Card['image']> }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (canvas.current) drawThumbhash(canvas.current, image.thumbhash);
  }, [image.thumbhash]);
  return (
    <span className={styles.picture} aria-hidden="true">
      <canvas ref={canvas} />
      {!failed && <img src={image.url} alt="" width={image.width} height={image.height} loading="lazy" decoding="async" onError={() => setFailed(true)} />}
    </span>
  );
}
