/** Texts of other devices that the person has decided about: hidden at once, dropped when the choice can no longer be taken back. */
const UNDO_MS = 6_000;
const timers = new Map<string, { timer: ReturnType<typeof setTimeout>; drop(): void }>();
let chosen: ReadonlySet<string> = new Set();
const listeners = new Set<() => void>();
const change = (next: Iterable<string>): void => {
  chosen = new Set(next);
  for (const listener of [...listeners]) listener();
};

export const choices = {
  get: (): ReadonlySet<string> => chosen,
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  choose(id: string, drop: () => void): void {
    timers.set(id, { drop, timer: setTimeout(() => { timers.delete(id); drop(); }, UNDO_MS) });
    change([...chosen, id]);
  },
  /** False when it is dropped already. */
  undo(id: string): boolean {
    const held = timers.get(id);
    if (!held) return false;
    clearTimeout(held.timer);
    timers.delete(id);
    change([...chosen].filter((one) => one !== id));
    return true;
  },
};
