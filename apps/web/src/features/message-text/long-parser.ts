import type { Markup } from '@parley/shared/domain/markup/ast';

/**
 * Long texts are parsed in a worker, one at a time, each with 100 ms. One that takes longer loses its worker, and its
 * message is shown as plain text.
 */
export const PARSE_CAP_MS = 100;

export interface ParserWorker {
  postMessage(job: { id: number; content: string }): void;
  onmessage: ((event: { data: { id: number; kind: 'ready' | 'started' | 'done'; markup?: Markup } }) => void) | null;
  onerror: ((event: unknown) => void) | null;
  terminate(): void;
}

interface Job { id: number; content: string; resolve(markup: Markup | null): void }

export class LongParser {
  readonly #make: () => ParserWorker;
  readonly #later: (run: () => void, ms: number) => () => void;
  readonly #waiting: Job[] = [];
  #worker: ParserWorker | null = null;
  #job: Job | null = null;
  #cancel: (() => void) | null = null;
  #last = 0;

  constructor(make: () => ParserWorker, later: (run: () => void, ms: number) => () => void) {
    this.#make = make;
    this.#later = later;
  }

  /** Null: it took too long or failed; show plain text. */
  parse(content: string): Promise<Markup | null> {
    return new Promise((resolve) => {
      this.#waiting.push({ id: ++this.#last, content, resolve });
      this.#next();
    });
  }

  #next(): void {
    if (this.#job) return;
    const job = this.#waiting.shift();
    if (!job) return;
    this.#job = job;
    this.#worker ??= this.#start();
    this.#worker.postMessage({ id: job.id, content: job.content });
  }

  #start(): ParserWorker {
    const worker = this.#make();
    worker.onmessage = ({ data }) => {
      if (data.id !== this.#job?.id) return;
      if (data.kind === 'started') this.#cancel = this.#later(() => this.#fail(), PARSE_CAP_MS);
      else if (data.kind === 'done') this.#finish(data.markup ?? null);
    };
    worker.onerror = () => this.#fail();
    return worker;
  }

  #fail(): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#finish(null);
  }

  #finish(markup: Markup | null): void {
    this.#cancel?.();
    this.#cancel = null;
    const job = this.#job;
    this.#job = null;
    job?.resolve(markup);
    this.#next();
  }
}
