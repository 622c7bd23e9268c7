import type { ReadTx } from '../../storage/port.ts';
import { members, personWords, users, workspaceMembers, type UserRow, type WorkspaceMemberRow } from '../../storage/tables.ts';
import { membershipsOf } from '../membership/memberships.ts';
import { fold, wordsOf } from '../accounts/person-words.ts';

/** A query looks at no more people than these; who is not among them is found by a longer query. */
const MAX_MATCHES = 2_000;
const STEP = 200;

export interface Person {
  row: UserRow;
  member: WorkspaceMemberRow;
}

/** Whom a viewer may see: everybody in the workspace, or for a guest those of shared channels. */
export type Sees = (userId: string) => Promise<boolean>;

export async function sightOf(tx: ReadTx, workspaceId: string, viewer: { user_id: string; role: WorkspaceMemberRow['role'] }): Promise<Sees> {
  if (viewer.role !== 'guest') return async () => true;
  const shared = (await membershipsOf(tx, viewer.user_id)).filter((row) => row.doc.workspace_id === workspaceId).map((row) => row.id);
  return async (userId) => {
    if (userId === viewer.user_id) return true;
    for (const id of shared) if ((await tx.get(members, [id, userId])) && (await tx.get(members, [id, viewer.user_id]))) return true;
    return false;
  };
}

/** One person of a workspace, former members included. */
export async function personOf(tx: ReadTx, workspaceId: string, userId: string): Promise<Person | undefined> {
  const member = await tx.get(workspaceMembers, [workspaceId, userId]);
  const row = member && (await tx.get(users, [userId]));
  return member && row ? { member, row } : undefined;
}

export interface PeoplePage {
  people: Person[];
  /** Where the next page begins, behind the last person of this one. */
  next: [sortName: string, userId: string] | null;
}

/** Present members in the order of their names. */
export async function listPeople(tx: ReadTx, workspaceId: string, sees: Sees, after: [string, string] | null, limit: number): Promise<PeoplePage> {
  const people: Person[] = [];
  let last = after ? ({ workspace_id: workspaceId, sort_name: after[0], user_id: after[1] } as WorkspaceMemberRow) : undefined;
  for (;;) {
    const rows = await tx.find(workspaceMembers, { index: 'by_name', prefix: [workspaceId], ...(last ? { after: last } : {}), limit: STEP });
    for (const member of rows) {
      last = member;
      if (member.deactivated || !(await sees(member.user_id))) continue;
      const row = await tx.get(users, [member.user_id]);
      if (!row || row.doc.deactivated) continue;
      if (people.length === limit) {
        const end = people[people.length - 1]!.member;
        return { people, next: [end.sort_name, end.user_id] };
      }
      people.push({ member, row });
    }
    if (rows.length < STEP) return { people, next: null };
  }
}

/** Present members of whose names each word of the query begins a word, in the order of their names. */
export async function findPeople(tx: ReadTx, workspaceId: string, query: string, sees: Sees, after: [string, string] | null, limit: number): Promise<PeoplePage> {
  const whole = fold(query).replace(/^@/, '');
  const wanted = [...new Set([...wordsOf(query)])];
  // The longest word names the fewest people.
  const first = [...wanted].sort((a, b) => b.length - a.length)[0] ?? whole;
  if (!first) return { people: [], next: null };
  const rows = await tx.find(personWords, { prefix: [workspaceId], gte: first, lt: `${first}\u{10ffff}`, limit: MAX_MATCHES });
  const found: Person[] = [];
  for (const id of new Set(rows.map((row) => row.user_id))) {
    const person = await personOf(tx, workspaceId, id);
    if (!person || person.member.deactivated || person.row.doc.deactivated || !(await sees(id))) continue;
    const words = [...wordsOf(person.row.doc.display_name, person.row.doc.username), fold(person.row.doc.username)];
    if (wanted.every((word) => words.some((w) => w.startsWith(word)))) found.push(person);
  }
  const order = (p: Person): string => `${p.member.sort_name} ${p.member.user_id}`;
  found.sort((a, b) => (order(a) < order(b) ? -1 : 1));
  const rest = after ? found.filter((p) => order(p) > `${after[0]} ${after[1]}`) : found;
  const people = rest.slice(0, limit);
  const end = people[people.length - 1]?.member;
  return { people, next: end && people.length < rest.length ? [end.sort_name, end.user_id] : null };
}
