/** Waits for a state that nothing announces, looking every so often. @throws when it has not come in time. */
export async function until(come: () => Promise<boolean> | boolean, options: { ms: number; what: () => string; everyMs?: number }): Promise<void> {
  const end = performance.now() + options.ms;
  for (;;) {
    if (await come()) return;
    if (performance.now() > end) throw new Error(`not in ${options.ms} ms: ${options.what()}`);
    await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 25));
  }
}

/** The same for a value that is there at last. */
export async function untilFound<T>(find: () => Promise<T | undefined>, options: { ms: number; what: () => string; everyMs?: number }): Promise<T> {
  let found: T | undefined;
  await until(async () => (found = await find()) !== undefined, options);
  return found!;
}
