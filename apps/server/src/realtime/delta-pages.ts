import type { StreamHub } from './hub.ts';
import type { DeltaPage } from './opening.ts';

const PAGES = 64;
const PAGE_CHARACTERS = 262_144;

/**
 * First pages read a moment ago, for the many who come back with the same cursor. A page is as good as a new one while
 * its head is not older than what the gateway has heard: a stream's entities are the same for all who see from the same
 * message on. Rights are read for each person apart.
 */
export class DeltaPages {
  readonly #pages = new Map<string, DeltaPage>();

  find(hub: StreamHub, cursor: number, visibleFrom: number): DeltaPage | undefined {
    if (hub.kind !== 'channel') return undefined;
    const page = this.#pages.get(key(hub, cursor, visibleFrom));
    return page && page.delta.head >= hub.rev ? page : undefined;
  }

  keep(hub: StreamHub, cursor: number, visibleFrom: number, page: DeltaPage): void {
    const { delta } = page;
    if (hub.kind !== 'channel' || delta.has_more || delta.gone || page.frame.length > PAGE_CHARACTERS) return;
    if (this.#pages.size >= PAGES) this.#pages.delete(this.#pages.keys().next().value!);
    this.#pages.set(key(hub, cursor, visibleFrom), page);
  }
}

const key = (hub: StreamHub, cursor: number, visibleFrom: number): string => `${hub.id} ${cursor} ${visibleFrom}`;
