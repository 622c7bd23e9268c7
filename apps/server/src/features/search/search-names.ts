import { UUID_PATTERN } from '@parley/shared/domain/ids';
import type { SearchQuery } from '@parley/shared/domain/search/query';
import type { ReadTx } from '../../storage/port.ts';
import { claims } from '../../storage/tables.ts';
import { usernameClaim } from '../accounts/account-rows.ts';
import { fold } from '../accounts/person-words.ts';
import { dmChannelId } from '../channels/dm-id.ts';
import { findPeople, personOf, type Sees } from '../workspaces/people.ts';

const MOST_PEOPLE = 50;
const ID = new RegExp(UUID_PATTERN.source.replace(/^\^|\$$/g, ''));

export interface NamesAsker {
  workspace_id: string;
  user_id: string;
  sees: Sees;
}

/** Whom `from:` means: `me`, a username, an id or a mention; else everybody of whose names its words begin some. */
export async function peopleNamed(tx: ReadTx, asker: NamesAsker, names: SearchQuery['from']): Promise<string[]> {
  const found = new Set<string>();
  for (const name of names) for (const id of await peopleOf(tx, asker, name)) found.add(id);
  return [...found];
}

async function peopleOf(tx: ReadTx, asker: NamesAsker, name: string): Promise<string[]> {
  const folded = fold(name);
  if (folded === 'me' || folded === 'ich') return [asker.user_id];
  const id = ID.exec(name)?.[0] ?? (await tx.get(claims, [usernameClaim(folded)]))?.owner_id;
  // Former members too: what they wrote is still here.
  if (id !== undefined && (await personOf(tx, asker.workspace_id, id)) && (await asker.sees(id))) return [id];
  const { people } = await findPeople(tx, asker.workspace_id, name, asker.sees, null, MOST_PEOPLE);
  return people.map((p) => p.row.id);
}

/** Which channels `in:` means: a name, an id or a reference, or with `@` the direct message with somebody. Whether the asker may read them is asked of each hit. */
export async function channelsNamed(tx: ReadTx, asker: NamesAsker, names: SearchQuery['in']): Promise<string[]> {
  const found = new Set<string>();
  for (const name of names) {
    const id = ID.exec(name)?.[0];
    if (name.startsWith('@') || name.startsWith('<@')) {
      for (const other of await peopleOf(tx, asker, name.replace(/^@/, ''))) found.add(dmChannelId(asker.workspace_id, [asker.user_id, other]));
    } else if (id !== undefined) found.add(id);
    else {
      const claim = await tx.get(claims, [`channel:${asker.workspace_id}:${name.normalize('NFKC').toLowerCase()}`]);
      if (claim) found.add(claim.owner_id);
    }
  }
  return [...found];
}
