/** Where each channel was left: for the app's life in memory, over a reload in session storage. */

export interface Place { key: string; seq: number; offset: number; atEnd: boolean }

export interface PlaceStorage { getItem(key: string): string | null; setItem(key: string, value: string): void }

const STORAGE_KEY = 'parley.places';
const KEPT = 200;

export class Places {
  readonly #storage: PlaceStorage | null;
  readonly #places: Map<string, Place>;

  constructor(storage: PlaceStorage | null) {
    this.#storage = storage;
    this.#places = new Map(readPlaces(storage));
  }

  get(channelId: string): Place | null {
    return this.#places.get(channelId) ?? null;
  }

  set(channelId: string, place: Place): void {
    this.#places.delete(channelId);
    this.#places.set(channelId, place);
    for (const oldest of this.#places.keys()) {
      if (this.#places.size <= KEPT) break;
      this.#places.delete(oldest);
    }
  }

  /** Called on leaving a channel and on `pagehide`. A full or refused storage loses places, nothing else. */
  save(): boolean {
    if (!this.#storage) return false;
    try {
      this.#storage.setItem(STORAGE_KEY, JSON.stringify([...this.#places]));
      return true;
    } catch {
      return false;
    }
  }
}

function readPlaces(storage: PlaceStorage | null): [string, Place][] {
  try {
    const stored: unknown = JSON.parse(storage?.getItem(STORAGE_KEY) ?? '[]');
    if (!Array.isArray(stored)) return [];
    return stored.filter((entry): entry is [string, Place] => Array.isArray(entry) && typeof entry[0] === 'string' && isPlace(entry[1]));
  } catch {
    return [];
  }
}

function isPlace(value: unknown): value is Place {
  const place = value as Place | null;
  return typeof place === 'object' && place !== null && typeof place.key === 'string' && typeof place.seq === 'number' && typeof place.offset === 'number' && typeof place.atEnd === 'boolean';
}
