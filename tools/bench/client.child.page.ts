/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** What runs inside the page that is measured; kept free of imports, since it is sent there as text. */
export interface PageMarks {
  rows?: number;
  messages?: number;
  composer?: number;
  live?: number;
  paint?: number;
}

/** Notes when channel rows, the composer and the live editor have been painted, in milliseconds since navigation began. */
export function watchStart(): void {
  const marks: Record<string, number> = {};
  (globalThis as unknown as { marks: unknown }).marks = marks;
  const wanted: [string, string][] = [['rows', 'nav a[href*="/c/"]'], ['messages', '[role=feed] [data-seq]'], ['composer', '[data-composer] textarea, [data-composer] .cm-content'], ['live', '[data-composer] .cm-content'], ['paint', '#static']];
  const painted = (name: string): void => {
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => void (marks[name] ??= performance.now());
      channel.port2.postMessage(0);
    });
  };
  const seen = new Set<string>();
  const look = (): void => {
    for (const [name, selector] of wanted) {
      if (seen.has(name) || document.querySelector(selector) === null) continue;
      seen.add(name);
      painted(name);
    }
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
  document.addEventListener('DOMContentLoaded', look);
}

/** Clicks the row of a channel; the time until its messages have been painted. */
export async function switchTo(name: string): Promise<number> {
  const find = (): HTMLAnchorElement | undefined => [...document.querySelectorAll<HTMLAnchorElement>('nav a[href*="/c/"]')].find((a) => a.querySelector('bdi')?.textContent === name);
  const patience = performance.now() + 20_000;
  while (!find() && performance.now() < patience) await new Promise((resolve) => requestAnimationFrame(resolve));
  const link = find();
  if (!link) throw new Error(`no channel ${name} among ${document.querySelector('nav')?.textContent}`);
  const began = performance.now();
  link.click();
  for (;;) {
    const feed = document.querySelector('[role=feed]');
    if (feed?.getAttribute('aria-label')?.endsWith(` ${name}`) && feed.querySelector('article, [role=article]')) break;
    await new Promise((resolve) => requestAnimationFrame(resolve));
    if (performance.now() - began > 10_000) throw new Error(`${name} was not shown`);
  }
  await new Promise<void>((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => resolve();
    channel.port2.postMessage(0);
  });
  return performance.now() - began;
}

/**
 * Times each key from its event to after the frame that shows it. `latency` holds the wait for the next frame as well;
 * `work` is the main thread's own time: the event's handling, then the frame's.
 */
export function watchKeys(): void {
  const keys: { latency: number; work: number }[] = [];
  (globalThis as unknown as { keys: unknown }).keys = keys;
  addEventListener('keydown', (event) => {
    const began = performance.now();
    let handled = began;
    addEventListener('input', () => {
      // Behind all that the event itself starts.
      const done = new MessageChannel();
      done.port1.onmessage = () => void (handled = performance.now());
      done.port2.postMessage(0);
    }, { capture: true, once: true });
    requestAnimationFrame(() => {
      const frame = performance.now();
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        const end = performance.now();
        keys.push({ latency: end - Math.min(event.timeStamp, began), work: Math.max(0, Math.min(handled, frame) - began) + (end - frame) });
      };
      channel.port2.postMessage(0);
    });
  }, true);
}

/** How many entries of a collection the browser's databases hold. */
export async function cachedEntries(): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const { name } of await indexedDB.databases()) {
    const db = await new Promise<IDBDatabase>((resolve, reject) => {
      const opening = indexedDB.open(name!);
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error);
    });
    if (db.objectStoreNames.contains('entries')) {
      const keys = await new Promise<IDBValidKey[]>((resolve, reject) => {
        const asked = db.transaction('entries').objectStore('entries').getAllKeys();
        asked.onsuccess = () => resolve(asked.result);
        asked.onerror = () => reject(asked.error);
      });
      for (const key of keys) {
        const collection = String((key as unknown[])[0]);
        found[collection] = (found[collection] ?? 0) + 1;
      }
    }
    db.close();
  }
  return found;
}

/** Scrolls the open channel by a notch a frame. Answers how many frames there were and how late the latest was. */
export async function scrollBy(notches: number, pixels: number): Promise<{ frames: number; gaps: number[] }> {
  let box: Element | null = document.querySelector('[role=feed]');
  while (box && !/(auto|scroll)/.test(getComputedStyle(box).overflowY)) box = box.parentElement;
  if (!box) throw new Error('nothing scrolls here');
  const gaps: number[] = [];
  let last = await new Promise<number>((resolve) => requestAnimationFrame(resolve));
  for (let i = 0; i < notches; i++) {
    box.scrollTop += pixels;
    const now = await new Promise<number>((resolve) => requestAnimationFrame(resolve));
    gaps.push(now - last);
    last = now;
  }
  return { frames: notches, gaps };
}
