import type { Db, Document } from 'mongodb';

const WAIT_MS = 3_000;

/** What the replica set says of itself. */
export async function readHealth(db: Db): Promise<{ settings: Record<string, string | number>; problems: string[] }> {
  try {
    const hello = await db.admin().command({ hello: 1 }, { timeoutMS: WAIT_MS });
    const settings: Record<string, string | number> = { write_concern: 'majority, journaled', read_concern: 'snapshot', wire_version: hello['maxWireVersion'] as number };
    if (hello['msg'] === 'isdbgrid') return { settings: { ...settings, topology: 'router' }, problems: [] };
    Object.assign(settings, { topology: 'replica set', replica_set: hello['setName'] as string, members: (hello['hosts'] as string[]).length, primary: (hello['primary'] as string | undefined) ?? 'none' });
    const problems = hello['primary'] === undefined ? ['the replica set has no primary'] : [];
    return { settings, problems: [...problems, ...(await downMembers(db))] };
  } catch (error) {
    return { settings: {}, problems: [`the database does not answer (${error instanceof Error ? error.name : 'failed'})`] };
  }
}

async function downMembers(db: Db): Promise<string[]> {
  let status: Document;
  try {
    status = await db.admin().command({ replSetGetStatus: 1 }, { timeoutMS: WAIT_MS });
  } catch {
    // Needs a right that an account for one database lacks; then only the primary is known.
    return [];
  }
  return (status['members'] as { name: string; health: number; stateStr: string }[]).filter(({ health }) => health !== 1).map(({ name, stateStr }) => `member ${name} is ${stateStr}`);
}
