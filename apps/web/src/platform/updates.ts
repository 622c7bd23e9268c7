/** OFF-14: the shell of the next version waits in the service worker until the person, or a quiet half hour, lets it in. */
let waiting: ServiceWorker | null = null;
let reloading = false;

export interface UpdateObserver {
  /** A newer version is ready to start. */
  ready(): void;
  /** Nothing typed or unsent would be disturbed. */
  idle(): boolean;
}

const QUIET_MS = 30 * 60_000;
const LOOK_EVERY_MS = 60 * 60_000;

export function followUpdates(observer: UpdateObserver): void {
  if (!('serviceWorker' in navigator) || !import.meta.env.PROD) return;
  const container = navigator.serviceWorker;
  const hadController = container.controller !== null;
  container.addEventListener('controllerchange', () => {
    // The first installation takes over an open page without a reload.
    if (!hadController || reloading) return;
    reloading = true;
    location.reload();
  });
  container.register('/sw.js').then(
    (registration: ServiceWorkerRegistration | undefined) => {
      // Some policies of browsers answer without one.
      if (registration === undefined) return;
      const look = (worker: ServiceWorker | null) => {
        if (worker === null || container.controller === null) return;
        const check = () => {
          if (worker.state !== 'installed') return;
          waiting = worker;
          observer.ready();
        };
        check();
        worker.addEventListener('statechange', check);
      };
      look(registration.waiting);
      look(registration.installing);
      registration.addEventListener('updatefound', () => look(registration.installing));
      let hiddenAt = 0;
      document.addEventListener('visibilitychange', () => {
        hiddenAt = document.hidden ? Date.now() : 0;
      });
      setInterval(() => {
        if (waiting !== null && hiddenAt > 0 && Date.now() - hiddenAt > QUIET_MS && observer.idle()) applyUpdate();
        else if (navigator.onLine) registration.update().catch((error: unknown) => console.warn('No look for a new version.', error));
      }, LOOK_EVERY_MS);
    },
    (error: unknown) => console.warn('The app will not open without a network.', error),
  );
}

/** Starts the waiting version; every page of this browser reloads into it. */
export function applyUpdate(): void {
  if (waiting === null) location.reload();
  else waiting.postMessage('activate');
}
