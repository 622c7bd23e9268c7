import { cardLinks } from '@parley/shared/domain/link-cards';
import { readPermalink } from '@parley/shared/domain/permalink';
import { parseStream } from '@parley/shared/domain/streams';
import type { Card } from '@parley/shared/protocol/entities';
import type { JobHandler } from '../../jobs/job-worker.ts';
import type { LinkReading } from '../../links/port.ts';
import type { Deps } from '../../platform/deps.ts';
import type { Consumer } from '../../realtime/consumers.ts';
import type { Store } from '../../storage/port.ts';
import { channels, linkCards, type KeptCard } from '../../storage/tables.ts';
import { findMessage } from '../messages/find-message.ts';
import { linkCardsOn, workspaceOf } from '../workspaces/workspace-rows.ts';
import { cardKey, cardOf } from './card-rows.ts';

export const LINK_CARDS_JOB = 'link_cards';

interface CardsWanted {
  channel_id: string;
  message_id: string;
}
export type CardsDeps = Pick<Deps, 'store' | 'clock' | 'config' | 'links' | 'cardPictures'>;

/** How long what was found holds. A page that could not be reached is asked again soon, when somebody posts it again. */
const LASTS_HOURS: Record<LinkReading['kind'], number> = { page: 24, nothing: 6, unreachable: 1 / 6 };
const PICTURE_BYTES = 4 * 1024 * 1024;

/** The durable consumer that asks for the cards of what was sent or edited; a repeated event asks once. */
export function cardsConsumer(store: Store): Consumer {
  return {
    name: 'cards',
    wants: (event) => Array.isArray(event.facts?.['cards']),
    async consume(event) {
      const channel_id = parseStream(event.stream)!.id;
      for (const message_id of event.facts?.['cards'] as string[]) {
        const payload: CardsWanted = { channel_id, message_id };
        await store.run('jobs.enqueue', { job: { kind: LINK_CARDS_JOB, payload, dedupe: `${LINK_CARDS_JOB}:${message_id}:${event.rev}` } });
      }
    },
  };
}

/**
 * Reads the links of a message and gives it their cards. Each step may be repeated: pictures lie under their hash, what was
 * read is kept by page, and a message that has its cards is left alone. So dying between any two of them loses nothing.
 */
export function linkCardsJob(deps: CardsDeps): JobHandler {
  const reading = new Map<string, Promise<KeptCard | null>>();
  const once = (url: string, signal: AbortSignal): Promise<KeptCard | null> => {
    const key = cardKey(url);
    const under = reading.get(key) ?? keptCard(deps, key, url, signal).finally(() => reading.delete(key));
    reading.set(key, under);
    return under;
  };
  return async (job, signal) => {
    const ref = job.payload as CardsWanted;
    const wanted = await linksOf(deps, ref);
    if (!wanted) return;
    const cards = await Promise.all(wanted.links.map(async (url): Promise<Card | null> => {
      const kept = await once(url, signal);
      return kept && cardOf(ref, url, kept);
    }));
    await deps.store.run('cards.set', { ...ref, content: wanted.content, cards: cards.filter((card) => card !== null) });
  };
}

/** Null when the message is to have none. Links to what is on this server are left to each reader's client, and count. */
async function linksOf(deps: CardsDeps, ref: CardsWanted): Promise<{ content: string; links: string[] } | null> {
  const row = await deps.store.read(async (tx) => {
    const found = await findMessage(tx, ref);
    const channel = found && (await tx.get(channels, [found.channel_id]));
    const workspace = channel && (await workspaceOf(tx, channel.workspace_id));
    return found && workspace && linkCardsOn(workspace) ? found : undefined;
  });
  if (!row || row.doc.deleted || row.doc.imported || row.doc.kind === 'system') return null;
  const { content } = row.doc;
  const ofOthers = (url: string): boolean => /^https?:/i.test(url) && !deps.config.origins.some((origin) => readPermalink(url, origin) !== null);
  return { content, links: cardLinks(content).filter((url) => ofOthers(url) && !row.removed_cards?.includes(url)) };
}

/** What is kept of a page, or what it says now. */
async function keptCard(deps: CardsDeps, key: string, url: string, signal: AbortSignal): Promise<KeptCard | null> {
  const row = await deps.store.read(async (tx) => {
    const known = await tx.get(linkCards, [key]);
    return known && known.expires_at > deps.clock.now() * 1000 ? known : undefined;
  });
  const hash = row?.card?.picture?.hash;
  if (row && (hash === undefined || (await deps.cardPictures.size(hash)) !== null)) return row.card;
  const read = await deps.links.read(url, signal);
  const card = read.kind === 'page' ? await kept(deps, read) : null;
  await deps.store.run('cards.remember', { key, url, card, lasts_us: Math.round(LASTS_HOURS[read.kind] * 3_600_000_000) });
  return card;
}

async function kept(deps: CardsDeps, { facts, picture }: Extract<LinkReading, { kind: 'page' }>): Promise<KeptCard> {
  if (!picture) return { ...facts };
  const { bytes, width, height, thumbhash, mime } = picture;
  const { hash } = await deps.cardPictures.keep(once(bytes), PICTURE_BYTES);
  return { ...facts, picture: { hash, width, height, thumbhash, mime } };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
