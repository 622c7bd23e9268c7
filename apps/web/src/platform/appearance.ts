import { deviceSettings, type DeviceSettings } from './device-settings.ts';

/** Puts the device's appearance on `<html>`; the script in the shell did the same before first paint. */
export function applyAppearance(settings: DeviceSettings): void {
  const root = document.documentElement;
  const query = (media: string) => window.matchMedia(media).matches;
  const dark = settings.theme === 'dark' || (settings.theme === 'system' && query('(prefers-color-scheme: dark)'));
  const high = settings.contrast === 'high' || (settings.contrast === 'system' && query('(prefers-contrast: more)'));
  root.dataset['theme'] = dark ? 'dark' : 'light';
  set(root, 'contrast', high ? 'high' : null);
  set(root, 'density', settings.density === 'compact' ? 'compact' : null);
  set(root, 'motion', settings.motion === 'reduced' ? 'reduced' : null);
  set(root, 'tint', settings.tint === 'petrol' ? null : settings.tint);
  set(root, 'links', settings.underlineLinks ? 'underlined' : null);
  root.style.setProperty('--message-size', `${settings.textSize / 16}rem`);
  const rail = getComputedStyle(root).getPropertyValue('--rail').trim();
  document.querySelector('meta[name=theme-color]')?.setAttribute('content', rail || '#0E3A44');
}

function set(root: HTMLElement, name: string, value: string | null): void {
  if (value === null) delete root.dataset[name];
  else root.dataset[name] = value;
}

/** Keeps it so: on changes of the settings and of the system. */
export function followAppearance(): () => void {
  const apply = () => applyAppearance(deviceSettings.get());
  apply();
  const ends = [deviceSettings.subscribe(apply)];
  for (const media of ['(prefers-color-scheme: dark)', '(prefers-contrast: more)']) {
    const list = window.matchMedia(media);
    list.addEventListener('change', apply);
    ends.push(() => list.removeEventListener('change', apply));
  }
  return () => ends.forEach((end) => end());
}
