import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Row, Table } from '../port.ts';
import { COMMANDS, HOT_TABLES, runScript, TABLES, things, type Step } from '../testing.commands.ts';
import { openWriter } from './connection.ts';
import { NewerDatabaseError } from './migrations.ts';
import { openSqliteStore } from './sqlite-store.ts';

const older = { ...things, columns: { group: 'text', id: 'text', label: 'text' }, indexes: { by_label: { fields: ['label'] } } } as unknown as Table;
const withThings = (table: Table): readonly Table[] => TABLES.map((t) => (t.name === things.name ? table : t));

describe('migrations', () => {
  let directory: string;
  beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'parley-store-'))));
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  const open = async (tables: readonly Table[]) => openSqliteStore({ file: join(directory, 'parley.db'), writer: 'inline', tables, commands: COMMANDS });
  const rows = Array.from({ length: 20 }, (_, i): Row => ({ group: i % 2 ? 'g' : 'h', id: String(i), label: 'l', rank: i, code: null, place: i, rest: { i } }));
  const insert = rows.map((row): Step => ({ do: 'insert', row }));

  it('a declared column, index or table that is missing is added, with what older rows hold of it', async () => {
    let store = await open(withThings(older));
    await store.run('outbox.consumed', { ids: [], consumer: 'c', consumers: [] });
    // The older program knows `rank` as one of many fields.
    await store.close();
    const db = openWriter(join(directory, 'parley.db'));
    for (const row of rows) db.prepare(`INSERT INTO test_things ("group", "id", "label", "$rest") VALUES (?, ?, ?, ?)`).run(row['group'], row['id'], row['label'], JSON.stringify({ rank: row['rank'], place: row['place'], rest: row['rest'] }));
    db.close();
    store = await open(TABLES);
    expect(await store.read((tx) => tx.find(things as Table, { index: 'by_rank', prefix: ['g'], gt: 10, limit: 3 }))).toEqual([rows[11], rows[13], rows[15]]);
    await store.close();
  });

  it('gathered rows are kept when their table is no longer hot, and the other way round', async () => {
    let store = await open(HOT_TABLES);
    await runScript(store, insert);
    await store.close();
    for (const tables of [TABLES, HOT_TABLES, HOT_TABLES]) {
      store = await open(tables);
      expect(await store.read((tx) => tx.count(things as Table, { index: 'by_rank', prefix: ['g'] }))).toBe(10);
      await expect(runScript(store, insert.slice(0, 1))).rejects.toMatchObject({ name: 'UniqueViolation' });
      await store.close();
    }
  });

  it('a file of a newer version is refused, and left as it is', async () => {
    await (await open(TABLES)).close();
    await expect(open(withThings(older))).rejects.toThrow(NewerDatabaseError);
    const db = openWriter(join(directory, 'parley.db'));
    db.prepare('INSERT INTO schema_versions (version, applied_at) VALUES (999, 1)').run();
    db.close();
    await expect(open(TABLES)).rejects.toThrow(/newer version of Parley .*999/);
  });

  it('two writers on one file do not overlook each other', async () => {
    const one = await open(HOT_TABLES);
    const two = await open(HOT_TABLES);
    await runScript(one, insert.slice(0, 1));
    await expect(runScript(two, insert.slice(0, 1))).rejects.toMatchObject({ name: 'UniqueViolation' });
    await runScript(two, insert.slice(1, 2));
    await expect(runScript(one, insert.slice(1, 2))).rejects.toMatchObject({ name: 'UniqueViolation' });
    await expect(runScript(one, [{ do: 'insert', row: { ...rows[1]!, id: 'other' } }])).rejects.toMatchObject({ name: 'UniqueViolation', index: 'by_place' });
    await one.close();
    await two.close();
  });
});
