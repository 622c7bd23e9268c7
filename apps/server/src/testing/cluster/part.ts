import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { until } from './until.ts';
import type { Reaper } from './reaper.ts';

export interface PartPlan {
  name: string;
  command: string;
  args: readonly string[];
  /** Beside this process's own environment. */
  env?: Readonly<Record<string, string>>;
  /** Where it writes stdout and stderr. */
  logFile: string;
  /** What asks it to end. */
  stopSignal: NodeJS.Signals;
  /** Whether it serves by now. Called until it answers true. */
  ready(): Promise<boolean>;
  startMs?: number;
}

const START_MS = 60_000;
const STOP_MS = 20_000;

/** One process of a cluster, with the processes that it starts itself: signals reach its whole group. */
export class Part {
  #child: ChildProcess | null = null;
  #ended: Promise<void> = Promise.resolve();

  constructor(readonly plan: PartPlan, private readonly reaper: Reaper) {}

  get name(): string { return this.plan.name; }
  get logFile(): string { return this.plan.logFile; }
  get pid(): number | null { return this.#child?.pid ?? null; }
  get running(): boolean { return this.#child !== null; }

  /** Starts it and waits until it is ready. @throws with the end of its log when it ends or is late. */
  async start(): Promise<void> {
    this.launch();
    await this.whenReady();
  }

  launch(): void {
    if (this.#child) throw new Error(`${this.name} runs already`);
    mkdirSync(dirname(this.logFile), { recursive: true });
    const log = openSync(this.logFile, 'a');
    const child = spawn(this.plan.command, this.plan.args, { stdio: ['ignore', log, log], env: { ...process.env, ...this.plan.env }, detached: true });
    closeSync(log);
    this.#child = child;
    const { pid } = child;
    if (pid !== undefined) this.reaper.watch(pid);
    this.#ended = new Promise((resolve) => {
      const done = (): void => {
        if (this.#child === child) this.#child = null;
        if (pid !== undefined) this.reaper.ended(pid);
        resolve();
      };
      child.once('exit', done);
      child.once('error', done);
    });
  }

  async whenReady(): Promise<void> {
    await until(async () => {
      if (!this.running) throw new Error(`${this.name} ended at its start: ${this.lastLines()}`);
      return this.plan.ready();
    }, { ms: this.plan.startMs ?? START_MS, what: () => `${this.name} is ready: ${this.lastLines()}` });
  }

  /** At once, without a chance to clean up. */
  async kill(): Promise<void> {
    this.#signal('SIGKILL');
    await this.#ended;
  }

  pause(): void { this.#signal('SIGSTOP'); }
  resume(): void { this.#signal('SIGCONT'); }

  /** Asks it to end; one that does not in time is killed. @returns whether it ended by itself. */
  async stop(ms = STOP_MS): Promise<boolean> {
    const child = this.#child;
    if (!child) return true;
    child.kill(this.plan.stopSignal);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#signal('SIGKILL');
    }, ms);
    await this.#ended;
    clearTimeout(timer);
    return !late;
  }

  lastLines(): string {
    return existsSync(this.logFile) ? readFileSync(this.logFile, 'utf8').slice(-3_000) : '';
  }

  #signal(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }
}
