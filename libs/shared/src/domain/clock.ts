/**
 * Time as a port, so that the engine and the server core run on a simulated clock.
 * Implementations never go backwards in `now` by design of the callers, which take maxima where order matters.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. May jump (the person changes the clock); never use it to measure a span. */
  now(): number;
  /** Runs `task` once after at least `ms` milliseconds. */
  setTimer(ms: number, task: () => void): Timer;
}

export interface Timer {
  /** Idempotent; a cancelled task never runs. */
  cancel(): void;
}
