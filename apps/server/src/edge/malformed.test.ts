import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Call } from '@parley/shared/protocol/call';
import { CALLS } from '@parley/shared/protocol/calls';
import type { Problem } from '@parley/shared/protocol/errors';
import { testWorld, type World } from '../testing/test-core.ts';
import { jsonSchema } from './openapi.ts';

const RUNS = 100;

/** Values that break what is not careful: too big, too odd, of the wrong kind, or named like what objects have anyway. */
const junk = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 2 ** 53, -(2 ** 63), 1e308, Infinity, NaN, '', ' ', '\u0000', '\ud800', '__proto__', 'constructor', 'a'.repeat(20_000), [], {}, [[]], { length: 1e9 }, [null]),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.jsonValue({ maxDepth: 3 }),
);

interface Schema {
  properties?: Record<string, Schema>;
  type?: string;
  enum?: unknown[];
  anyOf?: Schema[];
  items?: Schema;
  pattern?: string;
}

/** Mostly what a field wants, so that the rules behind the schema are reached too. */
function plausible(name: string, schema: Schema, world: World): fc.Arbitrary<unknown> {
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((s) => plausible(name, s, world)));
  if (schema.type === 'array') return fc.array(plausible(name, schema.items ?? {}, world), { maxLength: 3 });
  if (schema.type === 'boolean') return fc.boolean();
  if (schema.type === 'integer' || schema.type === 'number') return fc.constantFrom(0, 1, 2, 100, Number.MAX_SAFE_INTEGER);
  const ids = [world.workspace.id, world.owner.id, world.owner.device_id, '01900000-0000-7000-8000-000000000000'];
  return fc.oneof(fc.constantFrom(...ids, 'a-name', 'someone@example.org', 'password of none', '1', 'true'), fc.string({ unit: 'grapheme', maxLength: 20 }));
}

function inputOf(call: Call, world: World): fc.Arbitrary<unknown> {
  const fields = Object.entries((jsonSchema(call.request, 'input') as Schema).properties ?? {});
  const one = ([name, schema]: [string, Schema]) => [name, fc.oneof({ weight: 4, arbitrary: plausible(name, schema, world) }, { weight: 1, arbitrary: junk })] as const;
  const shaped = fc.record(Object.fromEntries(fields.map(one)), { requiredKeys: [] });
  const extended = fc.tuple(shaped, fc.dictionary(fc.constantFrom('extra', '__proto__', 'constructor', 'toString', 'a'.repeat(5_000)), junk, { maxKeys: 1 })).map(([a, b]) => ({ ...a, ...b }));
  return fc.oneof({ weight: 6, arbitrary: shaped }, { weight: 2, arbitrary: extended }, { weight: 1, arbitrary: junk });
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined'));

async function* bytes(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array([0x50, 0x4b, 3, 4, 0xff]);
}

describe('malformed requests are refused with their paths, and never fail the server', () => {
  for (const call of CALLS) {
    it(`${call.method} ${call.path}`, async () => {
      const world = await testWorld().setUp();
      const route = world.core.routes.find((r) => r.call === call);
      if (!route) throw new Error(`${call.path} has no route`);
      const asQuery = call.method === 'GET' || call.body === 'raw';
      await fc.assert(
        fc.asyncProperty(inputOf(call, world), async (input) => {
          const fields = asQuery ? (typeof input === 'object' && input !== null ? Object.fromEntries(Object.entries(input).map(([k, v]) => [k, asText(v)])) : {}) : input;
          const inPath = Object.fromEntries([...call.path.matchAll(/\{(\w+)\}/g)].map((m) => [m[1]!, asText((fields as Record<string, unknown>)[m[1]!] ?? 'x')]));
          const rest = asQuery ? Object.fromEntries(Object.entries(fields as object).filter(([k]) => !(k in inPath))) : fields;
          const response = await world.core.handle({
            method: call.method, path: call.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(asPath(inPath[name]!))), headers: { authorization: `Bearer ${world.owner.token}` }, address: '127.0.0.1',
            ...(asQuery ? { query: rest as Record<string, string> } : { body: rest }), ...(call.body === 'raw' ? { raw: bytes() } : {}),
          });
          expect(response.status, JSON.stringify(response.body)).toBeLessThan(500);
          const parsed = call.request.safeParse(asQuery ? { ...(rest as object), ...Object.fromEntries(Object.entries(inPath).map(([k, v]) => [k, asPath(v)])) } : rest);
          // Signing out or revoking the session works, too, and then there is none.
          if (parsed.success || response.status === 401) return;
          if (response.status === 404 && Object.keys(inPath).length > 0) return;
          expect(response.status).toBe(400);
          const problem = response.body as Problem;
          const paths = new Set(problem.errors?.map((e) => e.path.split('.')[0]));
          for (const issue of parsed.error.issues) {
            if (issue.code === 'unrecognized_keys') for (const key of issue.keys) expect(paths).toContain([...issue.path, key].map((p) => String(p).slice(0, 100)).join('.').split('.')[0]);
            else expect(paths).toContain(String(issue.path[0] ?? '').slice(0, 100).split('.')[0]);
          }
        }),
        { numRuns: RUNS },
      );
      expect(world.failures).toEqual([]);
    });
  }

  it('is not impressed by depth', async () => {
    const world = await testWorld().setUp();
    const deep = JSON.parse(`${'['.repeat(200_000)}${']'.repeat(200_000)}`) as unknown;
    const headers = { authorization: `Bearer ${world.owner.token}`, 'idempotency-key': 'k' };
    for (const call of CALLS.filter((c) => c.method === 'POST' && c.body !== 'raw')) {
      for (const body of [deep, { deep }, Object.fromEntries(Object.keys((jsonSchema(call.request, 'input') as Schema).properties ?? {}).map((name) => [name, deep]))]) {
        const { status } = await world.core.handle({ method: 'POST', path: call.path, headers, address: '127.0.0.1', body });
        expect([200, 204, 400, 401], call.path).toContain(status);
      }
    }
    expect(world.failures).toEqual([]);
  });

  it('leaves prototypes alone', async () => {
    const world = await testWorld().setUp();
    for (const text of ['{"__proto__":{"polluted":1},"presence":"away"}', '{"constructor":{"prototype":{"polluted":1}},"presence":"away"}', '{"cursors":{"__proto__":{"polluted":1}}}']) {
      for (const path of ['set_presence', 'sync']) {
        const { status } = await world.core.handle({ method: 'POST', path, headers: { authorization: `Bearer ${world.owner.token}` }, address: '127.0.0.1', body: JSON.parse(text) as unknown });
        expect(status).toBeLessThan(500);
      }
    }
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});

/** What cannot be written into a path at all is written as something that can. */
function asPath(text: string): string {
  return !/\p{Cs}/u.test(text) && text !== '' && !/^\.{1,2}$/.test(text) ? text : 'x';
}
