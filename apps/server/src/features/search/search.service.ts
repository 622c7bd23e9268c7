import { findInMessage } from '@parley/shared/domain/search/match';
import { dayAt, parseQuery, timeBounds, type SearchQuery } from '@parley/shared/domain/search/query';
import { termsOf, type Term } from '@parley/shared/domain/search/terms';
import { traitsOf, type Trait } from '@parley/shared/domain/search/traits';
import type { RequestOf, ResponseOf } from '@parley/shared/protocol/call';
import type * as calls from '@parley/shared/protocol/calls/search';
import { ParleyError } from '@parley/shared/protocol/errors';
import type { Deps } from '../../platform/deps.ts';
import { BadPosition, type Candidate, type Candidates, type IndexQuestion } from '../../search/port.ts';
import type { ReadTx } from '../../storage/port.ts';
import { messages, users, type MessageRow } from '../../storage/tables.ts';
import { accessTo, allows, demandInWorkspace, firstVisibleSeq, type Access, type ActorRef } from '../channels/channel-access.ts';
import { messageFacts } from '../messages/find-message.ts';
import { membershipsOf } from '../membership/memberships.ts';
import { sightOf } from '../workspaces/people.ts';
import { channelsNamed, peopleNamed } from './search-names.ts';

type SearchDeps = Pick<Deps, 'store' | 'clock' | 'search' | 'metrics'>;
type Input = RequestOf<typeof calls.search>;
type Answer = ResponseOf<typeof calls.search>;

/** Asks the index at most so often for one page: behind so many hits that one may not read, the answer ends. */
const ROUNDS = 10;
const DEFAULT_PAGE = 20;

/**
 * Answers a search. The index only says where to look: every hit is read from the store and asked of `can()` in one
 * snapshot, and is left out when the index is behind and the message no longer has the words.
 */
export async function searchMessages(deps: SearchDeps, who: ActorRef, input: Input): Promise<Answer> {
  const started = performance.now();
  try {
    return await deps.store.read(async (tx) => {
      const actor = await demandInWorkspace(tx, who, input.workspace_id, 'workspace.view');
      const zone = askedZone(input.time_zone) ?? knownZone((await tx.get(users, [who.user_id]))?.doc.time_zone) ?? 'UTC';
      const query = parseQuery(input.q, dayAt(deps.clock.now(), zone));
      const question = await questionOf(tx, deps, who, input, query, zone, actor.workspace_role === 'guest');
      return question ? new Page(tx, who, input, question).fill(deps) : { items: [], next_cursor: null };
    });
  } catch (error) {
    if (error instanceof BadPosition) throw new ParleyError('invalid_request', undefined, { errors: [{ path: 'cursor', message: 'not of an answer to this search' }] });
    throw error;
  } finally {
    deps.metrics.observe('parley_search_seconds', (performance.now() - started) / 1000);
  }
}

/** Undefined when nothing is asked for, as while a filter is being typed. @throws ParleyError for a zone that there is not */
async function questionOf(tx: ReadTx, deps: SearchDeps, who: ActorRef, input: Input, query: SearchQuery, zone: string, guest: boolean): Promise<IndexQuestion | undefined> {
  const terms = termsOf(query);
  const asksText = query.parts.some((part) => part.kind !== 'filter');
  if ((asksText && terms.length === 0) || (query.parts.length === 0 && input.kind !== 'files')) return undefined;
  const asker = { workspace_id: input.workspace_id, user_id: who.user_id, sees: await sightOf(tx, input.workspace_id, { user_id: who.user_id, role: guest ? 'guest' : 'member' }) };
  const { from, to } = timeBounds(query, zone);
  const traits: Trait[] = [...query.has.map((v) => `has:${v}` as const), ...query.is.map((v) => `is:${v}` as const), ...(input.kind === 'files' ? ['has:file' as const] : [])];
  const own = (await membershipsOf(tx, who.user_id)).filter((row) => row.doc.workspace_id === input.workspace_id).map((row) => row.id);
  return {
    workspace_id: input.workspace_id, terms, traits, sort: input.sort ?? 'newest', limit: (input.page_size ?? DEFAULT_PAGE) + 1,
    readable: { public: !guest, channel_ids: own },
    // A page's end may not tell of messages to come; times of imports lie in the past.
    to_us: Math.min(to === null ? Infinity : to * 1000, (deps.clock.now() + 60_000) * 1000),
    ...(from === null ? {} : { from_us: from * 1000 }),
    ...(query.from.length > 0 ? { author_ids: await peopleNamed(tx, asker, query.from) } : {}),
    ...(query.in.length > 0 ? { channel_ids: await channelsNamed(tx, asker, query.in) } : {}),
    ...(input.cursor === undefined ? {} : { after: input.cursor }),
  };
}

function askedZone(name: string | undefined): string | undefined {
  const zone = knownZone(name);
  if (name !== undefined && zone === undefined) throw new ParleyError('invalid_request', undefined, { errors: [{ path: 'time_zone', message: 'no such time zone' }] });
  return zone;
}

function knownZone(name: string | undefined): string | undefined {
  try {
    return name ? new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** One page of hits, filled within one snapshot. */
class Page {
  readonly #items: Answer['items'] = [];
  readonly #access = new Map<string, Access | null>();
  #last: string | null = null;

  constructor(private readonly tx: ReadTx, private readonly who: ActorRef, private readonly input: Input, private readonly question: IndexQuestion) {}

  async fill(deps: SearchDeps): Promise<Answer> {
    const size = this.question.limit - 1;
    let after = this.question.after;
    for (let round = 0; round < ROUNDS; round++) {
      const found: Candidates = await deps.search.search({ ...this.question, ...(after === undefined ? {} : { after }) });
      for (const candidate of found.candidates) {
        const hit = await this.#hit(candidate, this.question.terms);
        if (!hit) continue;
        // The cursor is that of a hit which was shown: where hidden ones lie is nobody's business.
        if (this.#items.length === size) return { items: this.#items, next_cursor: this.#last };
        this.#items.push(hit);
        this.#last = candidate.position;
      }
      if (found.next === null) break;
      after = found.next;
    }
    return { items: this.#items, next_cursor: null };
  }

  async #hit(candidate: Candidate, terms: readonly Term[]): Promise<Answer['items'][number] | undefined> {
    const access = await this.#accessTo(candidate.channel_id);
    const row = access ? await this.tx.get(messages, [candidate.channel_id, candidate.seq]) : undefined;
    if (!access || !row || !this.#mayRead(access, row) || !this.#stillAsked(access, row)) return undefined;
    const highlights = findInMessage(row.doc, terms);
    return highlights ? { message: row.doc, highlights: highlights.map(({ start, end }) => ({ start, end })) } : undefined;
  }

  async #accessTo(channelId: string): Promise<Access | null> {
    let access = this.#access.get(channelId);
    if (access === undefined) {
      const found = await accessTo(this.tx, this.who, channelId);
      access = found && found.row.workspace_id === this.input.workspace_id && allows(found, 'channel.view') === 'allowed' ? found : null;
      this.#access.set(channelId, access);
    }
    return access;
  }

  #mayRead(access: Access, row: MessageRow): boolean {
    return !row.doc.deleted && row.seq >= firstVisibleSeq(access) && allows(access, 'channel.view', messageFacts(row)) === 'allowed';
  }

  #stillAsked(access: Access, row: MessageRow): boolean {
    const traits = traitsOf(row.doc, access.row.kind === 'dm' || access.row.kind === 'group_dm');
    return this.question.traits.every((trait) => traits.includes(trait));
  }
}
