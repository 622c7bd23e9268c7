/** Runs when the browser has nothing more urgent to do, after what is being painted; at the latest after `timeout` ms. Returns the way to call it off. */
export function whenIdle(run: () => void, timeout = 2_000): () => void {
  // Safari has no idle callbacks.
  if (typeof window.requestIdleCallback !== 'function') {
    const timer = setTimeout(run, Math.min(timeout, 200));
    return () => clearTimeout(timer);
  }
  const request = window.requestIdleCallback(run, { timeout });
  return () => window.cancelIdleCallback(request);
}
