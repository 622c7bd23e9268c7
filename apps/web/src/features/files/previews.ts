/** Addresses of pictures that this tab has in memory, by the id of their file: shown before the server has them, and after. */
const MOST = 60;
const addresses = new Map<string, string>();
const listeners = new Set<() => void>();

const changed = (): void => { for (const listener of [...listeners]) listener(); };

export const previews = {
  of: (id: string): string | undefined => addresses.get(id),
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  put(id: string, blob: Blob): void {
    if (addresses.has(id)) return;
    addresses.set(id, URL.createObjectURL(blob));
    if (addresses.size > MOST) {
      const [oldest, address] = addresses.entries().next().value as [string, string];
      addresses.delete(oldest);
      if (![...addresses.values()].includes(address)) URL.revokeObjectURL(address);
    }
    changed();
  },
  /** The server gave the file an id of its own: it goes on with the picture that is drawn already. */
  inherit(from: string, to: string): void {
    const address = addresses.get(from);
    if (address !== undefined && !addresses.has(to)) addresses.set(to, address);
  },
};
