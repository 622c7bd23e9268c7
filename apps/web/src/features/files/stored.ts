import { getFile } from '@parley/shared/protocol/calls/files';
import type { AttachedFile, Engine } from '@parley/shared/sync/api';
import { callServer } from '../../state/api.ts';

/** What is known of files that another device added, by the server's id; null: there is no such file any more. */
const known = new Map<string, AttachedFile | null>();
const asked = new Set<string>();
const listeners = new Set<() => void>();

export const storedFiles = {
  of: (id: string): AttachedFile | null | undefined => known.get(id),
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  /** Asks once; again after a failure when it is wanted again. */
  async want(id: string): Promise<void> {
    if (known.has(id) || asked.has(id)) return;
    asked.add(id);
    const outcome = await callServer(getFile, { id });
    asked.delete(id);
    if (outcome.kind === 'ok') known.set(id, outcome.value);
    else if (outcome.kind === 'problem' && outcome.problem.status === 404) known.set(id, null);
    else return;
    for (const listener of [...listeners]) listener();
  },
};

/** A draft's files as its message takes them: those of this device as they are, the others as the server told of them. */
export function filesToSend(engine: Engine, ids: readonly string[]): AttachedFile[] {
  return ids.flatMap((id): AttachedFile[] => {
    const upload = engine.upload(id).get();
    if (upload) {
      const { state: _state, ...file } = upload;
      return [file];
    }
    const stored = known.get(id);
    if (stored === null) return [];
    const { name = '', size = 0, mime = 'application/octet-stream', width, height, thumbhash } = stored ?? {};
    return [{ id, name, size, mime, ...(width !== undefined && { width }), ...(height !== undefined && { height }), ...(thumbhash !== undefined && { thumbhash }) }];
  });
}
