import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { ParleyError } from '@parley/shared/protocol/errors';
import type { FromPictureThread, ToPictureThread } from './picture-thread.ts';
import { MAX_PICTURE_BYTES, NotAPicture, pictureFormat, type Box, type Picture, type Pictures } from './port.ts';

/** Threads at work at once; each decodes one picture. */
const THREADS = 2;
/** Waiting beyond this is refused, so that a flood of pictures holds no memory. */
const MAX_WAITING = 64;
const LIMIT_SECONDS = 10;
/** A thread that has not answered by then hangs: it is left behind, and another one takes its place. */
const GRACE_MS = 3_000;

export interface SharpPicturesOptions {
  threads?: number;
  seconds?: number;
}

interface Task {
  readonly bytes: Uint8Array;
  readonly boxes: readonly Box[];
  resolve(pictures: Picture[]): void;
  reject(error: Error): void;
}

/** One thread and the task it is at. */
class Lane {
  readonly #worker = startThread();
  #task: Task | null = null;
  #timer: NodeJS.Timeout | undefined;

  /** `free` is called when it can take the next task, `gone` once, when it never will. */
  constructor(private readonly seconds: number, private readonly free: (lane: Lane) => void, private readonly gone: (lane: Lane) => void) {
    this.#worker.unref();
    this.#worker.on('message', (answer: FromPictureThread) => {
      const task = this.#end();
      if ('refused' in answer) task?.reject(new NotAPicture(answer.refused));
      else task?.resolve(answer.pictures);
      this.free(this);
    });
    this.#worker.on('error', (error) => void this.stop(new NotAPicture(`its thread failed: ${error.message}`)));
    this.#worker.on('exit', () => void this.stop(new NotAPicture('its thread ended')));
  }

  take(task: Task): void {
    this.#task = task;
    // Waiting for this thread keeps the process alive, an idle one does not.
    this.#worker.ref();
    // Each size and its hash may take the limit; the thread itself is given up only beyond all of them.
    this.#timer = setTimeout(() => void this.stop(new NotAPicture('it takes too long')), this.seconds * 1000 * task.boxes.length * 2 + GRACE_MS);
    this.#worker.postMessage({ bytes: task.bytes, boxes: task.boxes, seconds: this.seconds } satisfies ToPictureThread);
  }

  stop(reason: Error): Promise<unknown> {
    this.#end()?.reject(reason);
    this.gone(this);
    return this.#worker.terminate();
  }

  #end(): Task | null {
    clearTimeout(this.#timer);
    this.#worker.unref();
    const task = this.#task;
    this.#task = null;
    return task;
  }
}

/** `sharp` in a few threads of its own, started when the first picture comes. */
export class SharpPictures implements Pictures {
  readonly #all = new Set<Lane>();
  readonly #idle: Lane[] = [];
  readonly #waiting: Task[] = [];
  readonly #threads: number;
  readonly #seconds: number;
  #closed = false;

  constructor(options: SharpPicturesOptions = {}) {
    this.#threads = options.threads ?? THREADS;
    this.#seconds = options.seconds ?? LIMIT_SECONDS;
  }

  async reencode(bytes: Uint8Array, box: Box): Promise<Picture> {
    return (await this.sizes(bytes, [box]))[0]!;
  }

  async sizes(bytes: Uint8Array, boxes: readonly Box[]): Promise<Picture[]> {
    if (this.#closed) throw closing();
    if (bytes.byteLength > MAX_PICTURE_BYTES) throw new NotAPicture(`more than ${MAX_PICTURE_BYTES} bytes`);
    if (!pictureFormat(bytes)) throw new NotAPicture('no picture of a kind read here');
    if (this.#waiting.length >= MAX_WAITING) throw new ParleyError('unavailable', 'too many pictures at once', { retry_after_ms: 2_000 });
    return new Promise((resolve, reject) => {
      this.#waiting.push({ bytes, boxes, resolve, reject });
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(closing());
    await Promise.all([...this.#all].map((lane) => lane.stop(closing())));
  }

  #next(): void {
    const task = this.#waiting.shift();
    if (!task) return;
    const lane = this.#idle.pop() ?? (this.#all.size < this.#threads ? this.#start() : undefined);
    if (lane) lane.take(task);
    else this.#waiting.unshift(task);
  }

  #start(): Lane {
    const lane = new Lane(this.#seconds, (free) => {
      if (!this.#all.has(free)) return;
      this.#idle.push(free);
      this.#next();
    }, (gone) => {
      if (!this.#all.delete(gone)) return;
      const at = this.#idle.indexOf(gone);
      if (at >= 0) this.#idle.splice(at, 1);
      this.#next();
    });
    this.#all.add(lane);
    return lane;
  }
}

const closing = (): ParleyError => new ParleyError('unavailable', 'shutting down');

/** Once built, the thread's entry lies beside the main file. From sources, a thread has to bring its own loader. */
function startThread(): Worker {
  const options = { resourceLimits: { maxOldGenerationSizeMb: 256 } };
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./picture-thread.js', import.meta.url), options);
  const loader = new URL('./esm/api/index.mjs', pathToFileURL(createRequire(import.meta.url).resolve('tsx'))).href;
  const entry = new URL('./picture-thread.ts', import.meta.url).href;
  return new Worker(`import(${JSON.stringify(loader)}).then(({ register }) => { register(); return import(${JSON.stringify(entry)}); })`, { ...options, eval: true });
}
