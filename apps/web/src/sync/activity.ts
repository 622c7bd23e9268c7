/** Who has not touched anything for this long is not here, whatever the page shows. */
const IDLE_MS = 10 * 60_000;
const LOOK_MS = 30_000;

/** Tells whether somebody is at this page: it can be seen, and was touched lately. */
export function followActivity(tell: (active: boolean) => void): void {
  let touched = Date.now();
  let told: boolean | null = null;
  const look = (): void => {
    const active = document.visibilityState === 'visible' && Date.now() - touched < IDLE_MS;
    if (active === told) return;
    told = active;
    tell(active);
  };
  const touch = (): void => {
    touched = Date.now();
    if (told === false) look();
  };
  for (const type of ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart']) window.addEventListener(type, touch, { passive: true, capture: true });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') touched = Date.now();
    look();
  });
  // A timer of a hidden page is late, but what it would say was said when it was hidden.
  setInterval(look, LOOK_MS);
  look();
}
