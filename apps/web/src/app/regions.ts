/** LAY-1: F6 walks the regions of the page and comes back to what was last focused in each. */
const last = new WeakMap<Element, HTMLElement>();

const FOCUSABLE = 'a[href],button:not(:disabled),input:not(:disabled),select:not(:disabled),textarea:not(:disabled),[tabindex]:not([tabindex="-1"]),[contenteditable=true]';

function regions(): HTMLElement[] {
  return Array.from(document.querySelectorAll<HTMLElement>('[data-region]'))
    .filter((region) => region.offsetParent !== null || region.getClientRects().length > 0)
    .sort((a, b) => Number(a.dataset['region']) - Number(b.dataset['region']));
}

export function rememberFocus(event: FocusEvent): void {
  if (!(event.target instanceof HTMLElement)) return;
  const region = event.target.closest('[data-region]');
  if (region) last.set(region, event.target);
}

/** Answers false when there is no next region, so that the browser may take the key. */
export function walkRegions(step: 1 | -1): boolean {
  const all = regions();
  const here = document.activeElement?.closest('[data-region]');
  const index = here instanceof HTMLElement ? all.indexOf(here) : step === 1 ? -1 : all.length;
  for (let at = index + step; at >= 0 && at < all.length; at += step) if (focusRegion(all[at])) return true;
  return false;
}

function focusRegion(region: HTMLElement | undefined): boolean {
  if (region === undefined) return false;
  const before = last.get(region);
  const target = before?.isConnected && region.contains(before) ? before : region.querySelector<HTMLElement>(FOCUSABLE);
  if (!target) return false;
  target.focus();
  return document.activeElement === target;
}

/** The message list, or where it would be. */
export function focusMessages(): boolean {
  const feed = document.querySelector<HTMLElement>('[role=feed]');
  if (!feed) return false;
  const row = feed.querySelector<HTMLElement>('[role=article][tabindex="0"]') ?? feed.querySelector<HTMLElement>('[role=article]') ?? feed;
  row.focus();
  return document.activeElement === row;
}
