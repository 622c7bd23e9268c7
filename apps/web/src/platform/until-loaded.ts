const FIRST_MS = 500;
const LONGEST_MS = 10_000;

/**
 * Asks for a part of the program until it is there: for parts that something stands in for meanwhile, so that a server that
 * is away when the first of them is shown takes down nothing around it.
 */
export async function untilLoaded<T>(load: () => Promise<T>): Promise<T> {
  for (let wait = FIRST_MS; ; wait = Math.min(wait * 2, LONGEST_MS)) {
    try {
      return await load();
    } catch (error) {
      if (wait === FIRST_MS) console.warn('A part of the page could not be fetched; it is asked for again.', error);
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}
