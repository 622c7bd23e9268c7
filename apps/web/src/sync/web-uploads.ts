import { getFile } from '@parley/shared/protocol/calls/files';
import { Problem } from '@parley/shared/protocol/errors';
import { API_PREFIX } from '@parley/shared/protocol/version';
import type { Transport, UploadObserver, UploadOutcome, UploadPort, UploadTask } from '@parley/shared/sync/ports';
import { Upload, type DetailedError } from 'tus-js-client';
import { FileBytes, PART_BYTES } from './file-bytes.ts';
import { openIndexedDb } from './indexed-db.ts';
import { filesName } from './local-engine.ts';
import { canEncrypt, rememberedKey } from './local-key.ts';

/** A connection on which nothing moves for so long is given up, and gone on with anew. */
const STALLED_MS = 60_000;
const SHOWN_EVERY_MS = 100;
/** Answers that say nothing against the file: somebody else holds the upload, or its place moved. */
const PASSING = new Set([408, 409, 423, 425, 460]);

/** The kept bytes of an account, for any of its tabs. Null where this browser keeps nothing. */
export async function openFileBytes(accountId: string): Promise<FileBytes | null> {
  try {
    const key = canEncrypt() ? await rememberedKey(accountId) : null;
    if (canEncrypt() && !key) return null;
    return new FileBytes(await openIndexedDb(filesName(accountId), 'strict'), key);
  } catch {
    return null;
  }
}

/** Uploads by tus, in parts of 5 MB (CMP-8). Runs in the tab that leads; the others hand it their files. */
export class WebUploads implements UploadPort {
  /** What was added in this run, until it is kept. */
  private readonly live = new Map<string, Blob>();
  private readonly bytes: Promise<FileBytes | null>;

  constructor(accountId: string, private readonly transport: Transport) { this.bytes = openFileBytes(accountId); }

  async keep(id: string, source: unknown): Promise<boolean> {
    if (!(source instanceof Blob)) return false;
    this.live.set(id, source);
    const kept = (await (await this.bytes)?.keep(id, source)) ?? false;
    // A file on the disk may change under an upload; what is kept does not.
    if (kept) this.live.delete(id);
    return kept;
  }

  async drop(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.live.delete(id);
    await (await this.bytes)?.drop(ids);
  }
  async retain(ids: readonly string[]): Promise<void> {
    for (const id of this.live.keys()) if (!ids.includes(id)) this.live.delete(id);
    await (await this.bytes)?.retain(ids);
  }

  private async sizeOf(id: string): Promise<number | null> { return this.live.get(id)?.size ?? (await (await this.bytes)?.sizeOf(id)) ?? null; }
  private async slice(id: string, start: number, end: number): Promise<Blob | null> {
    const live = this.live.get(id);
    return live ? live.slice(start, end) : ((await (await this.bytes)?.slice(id, start, end)) ?? null);
  }

  upload(task: UploadTask, observer: UploadObserver): { done: Promise<UploadOutcome>; stop(): void } {
    let settle!: (outcome: UploadOutcome) => void;
    const done = new Promise<UploadOutcome>((resolve) => { settle = resolve; });
    let upload: Upload | null = null;
    let stalled: ReturnType<typeof setTimeout> | undefined;
    let ended = false;
    let shownAt = 0;
    const end = (outcome: UploadOutcome): void => {
      if (ended) return;
      ended = true;
      clearTimeout(stalled);
      void upload?.abort();
      settle(outcome);
    };
    const moved = (): void => {
      clearTimeout(stalled);
      if (!ended) stalled = setTimeout(() => end({ kind: 'unreached', reason: 'stalled' }), STALLED_MS);
    };
    const missing = new Error('the bytes are gone');
    const begin = async (): Promise<void> => {
      const size = await this.sizeOf(task.id);
      if (size === null) return end({ kind: 'lost' });
      if (ended) return;
      upload = new Upload(new Blob(), {
        endpoint: `${API_PREFIX}/files`, uploadUrl: task.url, uploadSize: size, chunkSize: PART_BYTES, retryDelays: null, storeFingerprintForResuming: false,
        metadata: { filename: task.name, filetype: task.mime, channel_id: task.channelId },
        fileReader: {
          openFile: async () => ({
            size,
            slice: async (start, to) => {
              const value = await this.slice(task.id, start, Math.min(to, size)).catch(() => null);
              if (!value) throw missing;
              return { value, done: to >= size };
            },
            close: () => {},
          }),
        },
        onUploadUrlAvailable: () => { if (upload?.url) observer.url(upload.url); },
        onProgress: (sent) => {
          moved();
          const now = Date.now();
          if (now - shownAt < SHOWN_EVERY_MS && sent < size) return;
          shownAt = now;
          observer.progress(sent);
        },
        onSuccess: () => void this.finished(upload?.url ?? '').then(end),
        onError: (error) => end(this.outcomeOf(error, missing)),
      });
      moved();
      upload.start();
    };
    begin().catch((error: unknown) => end({ kind: 'unreached', reason: String(error) }));
    return { done, stop: () => end({ kind: 'unreached', reason: 'stopped' }) };
  }

  /** The id of the upload is the file's. */
  private async finished(url: string): Promise<UploadOutcome> {
    const outcome = await this.transport.call(getFile, { id: url.slice(url.lastIndexOf('/') + 1) });
    return outcome.kind === 'ok' ? { kind: 'ok', file: outcome.value } : outcome;
  }

  private outcomeOf(error: Error | DetailedError, missing: Error): UploadOutcome {
    const { causingError, originalResponse: response } = error as Partial<DetailedError>;
    if (error === missing || causingError === missing) return { kind: 'lost' };
    const status = response?.getStatus() ?? 0;
    if (!response || status === 0 || PASSING.has(status)) return { kind: 'unreached', reason: error.message };
    const problem = Problem.safeParse(parsed(response.getBody()));
    const seconds = Number(response.getHeader('retry-after') ?? NaN);
    const known = problem.success ? problem.data : { type: 'about:blank', title: response.getBody().slice(0, 200).trim() || `${status}`, status, code: 'invalid_request' };
    return { kind: 'problem', problem: { ...known, status }, retryAfterMs: Number.isFinite(seconds) ? seconds * 1_000 : null };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
