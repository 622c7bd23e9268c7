import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { ParleyError } from '@parley/shared/protocol/errors';
import { BadPosition, type Candidates, type IndexedChannel, type IndexedMessage, type IndexQuestion, type SearchIndex } from '../port.ts';
import type { ArgsOf, FromThread, MethodName, ResultOf, ToThread } from './search-protocol.ts';

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** The index over SQLite's FTS5, in a thread of its own. A thread that dies is started again by the next call. */
export class SqliteSearchIndex implements SearchIndex {
  readonly #file: string;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #gone: Promise<void> = Promise.resolve();
  #incarnation: string | undefined;
  #nextId = 1;
  #closed = false;

  constructor(options: { file: string }) {
    this.#file = options.file;
  }

  async prepare(incarnation: string): Promise<void> {
    this.#incarnation = incarnation;
    await this.#ask('prepare', [incarnation]);
  }

  async cursors(): Promise<Map<string, number>> {
    return this.#ask('cursors', []);
  }

  async write(channel: IndexedChannel, messages: readonly IndexedMessage[], through: number): Promise<void> {
    await this.#ask('write', [channel, messages, through]);
  }

  async search(question: IndexQuestion): Promise<Candidates> {
    return this.#ask('search', [question]);
  }

  async clear(): Promise<void> {
    await this.#ask('clear', []);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#worker?.postMessage({ close: true } satisfies ToThread);
    await this.#gone;
  }

  #ask<K extends MethodName>(method: K, args: ArgsOf<K>): Promise<ResultOf<K>> {
    if (this.#closed) return Promise.reject(new ParleyError('unavailable', 'the search index is closed'));
    const worker = (this.#worker ??= this.#start(method));
    return new Promise((resolve, reject) => this.#post(worker, method, args, { resolve: resolve as Waiting['resolve'], reject }));
  }

  #post(worker: Worker, method: MethodName, args: unknown, waiting: Waiting): void {
    const id = this.#nextId++;
    this.#waiting.set(id, waiting);
    worker.postMessage({ id, method, args });
  }

  #start(first: MethodName): Worker {
    const worker = startThread(this.#file);
    worker.on('message', (message: FromThread) => {
      if ('opened' in message) return;
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if ('error' in message) waiting?.reject(errorOf(message.error));
      else waiting?.resolve(message.result);
    });
    let reason = 'the thread of the search index ended';
    worker.on('error', (error) => (reason = String(error)));
    this.#gone = new Promise((resolve) => {
      worker.on('exit', () => {
        this.#worker = undefined;
        for (const { reject } of this.#waiting.values()) reject(new ParleyError('unavailable', reason, { retry_after_ms: 1_000 }));
        this.#waiting.clear();
        resolve();
      });
    });
    // One that is started again has forgotten which channels there are.
    if (first !== 'prepare' && this.#incarnation !== undefined) this.#post(worker, 'prepare', [this.#incarnation], { resolve: () => undefined, reject: () => undefined });
    return worker;
  }
}

function errorOf({ name, message, code }: { name: string; message: string; code?: string }): Error {
  if (name === 'BadPosition') return new BadPosition(message);
  if (code === 'SQLITE_FULL') return new ParleyError('storage_full', 'the disk is full', { retry_after_ms: 5_000 });
  return new ParleyError('unavailable', `the search index failed (${code ?? name}: ${message})`, { retry_after_ms: 1_000 });
}

/** Once built, the thread's entry lies beside the main file. From sources, a thread has to bring its own loader. */
function startThread(file: string): Worker {
  const options = { workerData: { file } };
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./search-thread.js', import.meta.url), options);
  const loader = new URL('./esm/api/index.mjs', pathToFileURL(createRequire(import.meta.url).resolve('tsx'))).href;
  const entry = new URL('./search-thread.ts', import.meta.url).href;
  return new Worker(`import(${JSON.stringify(loader)}).then(({ register }) => { register(); return import(${JSON.stringify(entry)}); })`, { ...options, eval: true });
}
