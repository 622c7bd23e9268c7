import * as fc from 'fast-check';
import type { KeyPart, Range, Row } from './port.ts';
import { things, type Step } from './testing.commands.ts';

/** The simplest thing that behaves as a table of the Store should: a list, filtered and sorted for every question. */
export class NaiveTable {
  private rows: Row[] = [];

  /** Results of the steps, or `unique INDEX` with nothing changed; of several indexes any may be told. */
  run(steps: Step[]): unknown {
    const before = this.rows;
    const results: unknown[] = [];
    for (const step of steps) {
      const result = this.step(step);
      if (typeof result === 'string') {
        this.rows = before;
        return result;
      }
      results.push(result);
    }
    return results;
  }

  all(): Row[] {
    return this.sorted(['group', 'id']);
  }

  private step(step: Step): unknown {
    switch (step.do) {
      case 'get': return this.rows.find((r) => same(r, step.key)) ?? null;
      case 'find': {
        const found = this.range(step.range);
        return (step.range.reverse ? found.reverse() : found).slice(0, step.range.limit);
      }
      case 'count': return this.range(step.range).length;
      case 'delete': {
        const rest = this.rows.filter((r) => !same(r, step.key));
        const had = rest.length < this.rows.length;
        this.rows = rest;
        return had;
      }
      case 'insert':
      case 'put': {
        const row: Row = { label: null, rank: null, code: null, place: null, ...step.row };
        const others = this.rows.filter((r) => !same(r, [row['group'] as string, row['id'] as string]));
        if (step.do === 'insert' && others.length < this.rows.length) return 'unique key';
        const clashes = ['code', 'place'].filter((field) => row[field] !== null && others.some((r) => r[field] === row[field] && r['group'] === row['group']));
        if (clashes.length > 0) return clashes.map((field) => `unique by_${field}`).join(' or ');
        this.rows = [...others, row];
        return null;
      }
      default: throw new TypeError(`not modelled: ${step.do}`);
    }
  }

  private sorted(fields: readonly string[]): Row[] {
    return this.rows.filter((r) => fields.every((f) => r[f] !== null)).sort((a, b) => {
      for (const f of fields) {
        const order = compare(a[f] as KeyPart, b[f] as KeyPart);
        if (order !== 0) return order;
      }
      return 0;
    });
  }

  private range(range: Range): Row[] {
    const own = range.index === undefined ? things.key : things.indexes[range.index as keyof typeof things.indexes].fields;
    const prefix = range.prefix ?? [];
    return this.sorted([...own, 'group', 'id'].filter((f, i, all) => all.indexOf(f) === i)).filter((r) => {
      if (!prefix.every((part, i) => r[own[i]!] === part)) return false;
      const next = r[own[prefix.length]!] as KeyPart;
      return (range.gt === undefined || compare(next, range.gt) > 0) && (range.gte === undefined || compare(next, range.gte) >= 0)
        && (range.lt === undefined || compare(next, range.lt) < 0) && (range.lte === undefined || compare(next, range.lte) <= 0);
    });
  }
}

const same = (row: Row, key: readonly KeyPart[]): boolean => row['group'] === key[0] && row['id'] === key[1];

function compare(a: KeyPart, b: KeyPart): number {
  return typeof a === 'number' ? a - (b as number) : Buffer.compare(Buffer.from(a), Buffer.from(b as string));
}

const group = fc.constantFrom('g', 'h', 'é');
const id = fc.constantFrom('a', 'b', 'c', '\uFFFD', '😀', '');
const rank = fc.integer({ min: -3, max: 3 });
const label = fc.constantFrom('x', 'y', '\uE000', '😀');
const maybe = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(of, { freq: 3 });
const bounds = <T extends KeyPart>(of: fc.Arbitrary<T>): fc.Arbitrary<Pick<Range, 'gt' | 'gte' | 'lt' | 'lte'>> => fc.record({ gt: of, gte: of, lt: of, lte: of }, { requiredKeys: [] });

const rowArbitrary: fc.Arbitrary<Row> = fc.record({ group, id, label: maybe(label), rank: maybe(rank), code: maybe(label), place: maybe(rank), rest: fc.oneof(fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown), fc.record({ group, label: maybe(label), more: rank }, { requiredKeys: [] })) });
const rangeArbitrary: fc.Arbitrary<Range> = fc.oneof(
  fc.record({ prefix: fc.tuple(group) }).chain((r) => bounds(id).map((b) => ({ ...r, ...b }))),
  bounds(group),
  fc.tuple(group, bounds(rank)).map(([g, b]) => ({ index: 'by_rank', prefix: [g], ...b })),
  fc.tuple(label, bounds(rank)).map(([l, b]) => ({ index: 'by_label_rank', prefix: [l], ...b })),
  bounds(label).map((b) => ({ index: 'by_label_rank', ...b })),
  fc.tuple(group, label).map(([g, c]) => ({ index: 'by_code', prefix: [g, c] })),
  fc.tuple(group, rank).map(([g, n]) => ({ index: 'by_place', prefix: [g, n] })),
);

/** Steps over few keys and values, so that they meet often. */
export const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('insert' as const, 'put' as const), row: rowArbitrary }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), key: fc.tuple(group, id) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('get' as const), key: fc.tuple(group, id) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('count' as const), range: rangeArbitrary }) },
  { weight: 2, arbitrary: fc.tuple(rangeArbitrary, fc.boolean(), fc.integer({ min: 0, max: 20 })).map(([range, reverse, limit]) => ({ do: 'find' as const, range: { ...range, reverse, limit } })) },
);
