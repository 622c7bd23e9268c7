/** Preferences of this device, kept in the browser so that they hold before first paint and without a server. */
export interface DeviceSettings {
  theme: 'system' | 'light' | 'dark';
  contrast: 'system' | 'standard' | 'high';
  density: 'comfortable' | 'compact';
  tint: 'petrol' | 'ink' | 'moss' | 'plum' | 'clay' | 'slate';
  /** Of message text, in px at the browser's default size: 13 to 20. */
  textSize: number;
  motion: 'system' | 'reduced';
  language: 'system' | 'en' | 'de';
  underlineLinks: boolean;
  singleLetterKeys: boolean;
  /** A dot in title, icon and rail for what is unread and has no number. */
  unreadDot: boolean;
  /** In px; null is the default. */
  sidebarWidth: number | null;
  panelWidth: number | null;
  sidebarHidden: boolean;
  closedSections: readonly string[];
}

export const DEFAULTS: DeviceSettings = {
  theme: 'system', contrast: 'system', density: 'comfortable', tint: 'petrol', textSize: 15, motion: 'system', language: 'system',
  underlineLinks: false, singleLetterKeys: true, unreadDot: true, sidebarWidth: null, panelWidth: null, sidebarHidden: false, closedSections: [],
};

const KEY = 'parley.device';
const listeners = new Set<() => void>();
let settings = load();

function load(): DeviceSettings {
  const text = readText(KEY);
  if (text === null) return DEFAULTS;
  try {
    return { ...DEFAULTS, ...(JSON.parse(text) as Partial<DeviceSettings>) };
  } catch {
    // A damaged entry is as good as none.
    return DEFAULTS;
  }
}

/** Local storage may be refused altogether (private windows, policies): then settings last as long as the page. */
export function readText(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function writeText(key: string, value: string | null): boolean {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
    return true;
  } catch {
    return false;
  }
}

export const deviceSettings = {
  get: (): DeviceSettings => settings,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  change(change: Partial<DeviceSettings>): void {
    settings = { ...settings, ...change };
    writeText(KEY, JSON.stringify(settings));
    for (const listener of listeners) listener();
  },
};

/** Other tabs of this device follow. */
export function followOtherTabs(): () => void {
  const changed = (event: StorageEvent) => {
    if (event.key !== KEY) return;
    settings = load();
    for (const listener of listeners) listener();
  };
  window.addEventListener('storage', changed);
  return () => window.removeEventListener('storage', changed);
}
