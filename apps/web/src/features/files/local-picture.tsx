import { useEffect } from 'react';
import { useEngine } from '../../state/engine.tsx';
import { localFile } from '../../state/local-files.ts';
import { previews } from './previews.ts';

/** Larger ones are left to the server. */
const MOST_BYTES = 30_000_000;

/** After a reload, and in tabs that did not add it: the picture as this device keeps it. Draws nothing itself. */
export function LocalPicture({ id }: { id: string }) {
  const { accountId } = useEngine();
  useEffect(() => {
    let current = true;
    void localFile(accountId, id).then((blob) => { if (current && blob && blob.size <= MOST_BYTES) previews.put(id, blob); }, (error: unknown) => console.warn('A kept file could not be read.', error));
    return () => { current = false; };
  }, [accountId, id]);
  return null;
}
