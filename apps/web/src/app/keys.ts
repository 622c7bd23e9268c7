/** A key as the table writes it: `Mod+Shift+K`, `Alt+ArrowUp`, `F6`. `Mod` is Ctrl, and Cmd on macOS. */
export interface KeyEvent {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

interface Combination {
  mod: boolean;
  ctrl: boolean;
  alt: boolean;
  shift: boolean;
  key: string;
}

function parse(keys: string): Combination {
  const parts = keys.split('+');
  const key = parts.pop() ?? '';
  return { mod: parts.includes('Mod'), ctrl: parts.includes('Ctrl'), alt: parts.includes('Alt'), shift: parts.includes('Shift'), key };
}

/** KEY-2: letters by what they write, by their place where they write none of a to z; digits always by their place. */
export function pressed(event: KeyEvent, keys: string, mac: boolean): boolean {
  const want = parse(keys);
  const ctrl = want.ctrl || (want.mod && !mac);
  const meta = want.mod && mac;
  if (event.ctrlKey !== ctrl || event.metaKey !== meta || event.altKey !== want.alt) return false;
  if (/^[A-Z]$/.test(want.key)) {
    const key = event.key.toUpperCase();
    const letter = /^[A-Z]$/.test(key) ? key : event.code.replace(/^Key/, '');
    return event.shiftKey === want.shift && letter === want.key;
  }
  if (/^\d$/.test(want.key)) return event.shiftKey === want.shift && event.code === `Digit${want.key}`;
  // Signs stand on other keys elsewhere, some behind Shift.
  if (want.key.length === 1) return event.key === want.key;
  return event.shiftKey === want.shift && event.key === want.key;
}

const MAC: Record<string, string> = { Mod: '⌘', Ctrl: '⌃', Alt: '⌥', Shift: '⇧' };
const NAMES: Record<string, string> = { ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→', Escape: 'Esc' };

/** As shown to the person. */
export function showKeys(keys: string, mac: boolean): string {
  const parts = keys.split('+').map((part) => NAMES[part] ?? (mac ? (MAC[part] ?? part) : part === 'Mod' ? 'Ctrl' : part));
  return parts.join(mac ? '' : ' ');
}
