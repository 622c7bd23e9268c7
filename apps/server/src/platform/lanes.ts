/** Runs at most `count` pieces of work at once, the others in the order they came. */
export function lanes(count: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= count) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      // The lane goes to the next one without becoming free in between.
      if (next) next();
      else running--;
    }
  };
}
