import type { KeyPart, Table } from '../port.ts';
import { gatherName, quote, unfiled } from './schema.ts';
import type { Prepared, Values } from './table-access.ts';

/** Entries after which the set is read anew, without what has been filed since. */
const CAPACITY = 32_768;

/**
 * Which keys and unique values (but those that rise, see `Ceilings`) the gathered rows have, for the one connection that writes. It may hold more than there is
 * (rows filed since, or taken back), never less: so "no" saves a search, and "yes" has to be looked up.
 */
export class GatheredValues {
  private held: Set<string> | undefined;
  private readonly columns: readonly string[];
  private readonly unique: readonly (readonly [name: string, places: readonly number[]])[];

  constructor(private readonly prepared: Prepared, private readonly table: Table) {
    this.columns = Object.keys(table.columns);
    const places = (fields: readonly string[]): number[] => fields.map((field) => this.columns.indexOf(field));
    // Of values that rise, their ceiling tells enough.
    const isKept = ([, { unique, fields }]: [string, Table['indexes'][string]]): boolean => unique === true && table.columns[fields.at(-1)!] !== 'integer';
    this.unique = [['', places(table.key)], ...Object.entries(table.indexes).filter(isKept).map(([name, { fields }]) => [name, places(fields)] as const)];
  }

  add(values: Values): void {
    const held = this.load();
    for (const [name, places] of this.unique) {
      let text = name;
      for (const place of places) text += `\n${values[place]}`;
      held.add(text);
    }
    // Reading it anew sees this row too, once it is written.
    if (held.size > CAPACITY) this.held = undefined;
  }

  /** Another process has written. */
  forget(): void {
    this.held = undefined;
  }

  /** `parts` are all fields of the key (index '') or of a unique index. */
  mayHold(index: string, parts: readonly KeyPart[]): boolean {
    if (!this.unique.some(([name]) => name === index)) return true;
    let text = index;
    for (const part of parts) text += `\n${part}`;
    return this.load().has(text);
  }

  private load(): Set<string> {
    if (this.held) return this.held;
    this.held = new Set();
    const rows = this.prepared.rows(`SELECT ${this.columns.map(quote).join(', ')} FROM ${quote(gatherName(this.table))} WHERE ${unfiled(this.table)}`);
    for (const values of rows.all() as Values[]) for (const [name, places] of this.unique) this.held.add([name, ...places.map((place) => values[place])].join('\n'));
    return this.held;
  }
}
