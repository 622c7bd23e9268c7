import * as z from 'zod/mini';
import { describe, expect, it } from 'vitest';
import { CALLS } from './calls.ts';
import { Problem } from './errors.ts';
import { ClientFrame, ServerFrame } from './frames.ts';
import { LIMITS } from './limits.ts';
import { PROTOCOL_HISTORY } from './protocol-history.ts';
import { OLDEST_CLIENT_VERSION, PROTOCOL_VERSION } from './version.ts';

/** 64-bit FNV-1a: tells changes apart; nobody is kept out by it. */
function fingerprint(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const unit of text) hash = ((hash ^ BigInt(unit.codePointAt(0)!)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return hash.toString(16).padStart(16, '0');
}

const schemaOf = (schema: z.ZodMiniType, io: 'input' | 'output'): unknown => z.toJSONSchema(schema, { io, unrepresentable: 'any' });

/** Everything that crosses the wire, in a fixed order. */
function wire(): unknown {
  const calls = [...CALLS].sort((a, b) => (`${a.path} ${a.method}` < `${b.path} ${b.method}` ? -1 : 1));
  return {
    calls: calls.map((c) => ({ path: c.path, method: c.method, auth: c.auth, status: c.status, body: c.body ?? 'json', request: schemaOf(c.request, 'input'), response: schemaOf(c.response, 'output') })),
    frames: { client: schemaOf(ClientFrame, 'input'), server: schemaOf(ServerFrame, 'output') },
    problem: schemaOf(Problem, 'output'),
    limits: LIMITS,
  };
}

describe('the wire', () => {
  it('is frozen: a changed schema wants a new version, a line of history and a decision about the oldest client', () => {
    const last = PROTOCOL_HISTORY[PROTOCOL_HISTORY.length - 1]!;
    const hash = fingerprint(JSON.stringify(wire()));
    expect(hash, `The schemas changed. Raise PROTOCOL_VERSION, add {version, hash: '${hash}', change} to protocol-history.ts and docs/protocol.md, and decide about OLDEST_CLIENT_VERSION.`).toBe(last.hash);
    expect(last.version).toBe(PROTOCOL_VERSION);
  });

  it('has a history without holes, and still talks to the oldest client it names', () => {
    expect(PROTOCOL_HISTORY.map((entry) => entry.version)).toEqual(PROTOCOL_HISTORY.map((_, i) => i + 1));
    expect(new Set(PROTOCOL_HISTORY.map((entry) => entry.hash)).size).toBe(PROTOCOL_HISTORY.length);
    expect(OLDEST_CLIENT_VERSION).toBeGreaterThanOrEqual(1);
    expect(OLDEST_CLIENT_VERSION).toBeLessThanOrEqual(PROTOCOL_VERSION);
  });

  it('changes its hash with any field', () => {
    const text = JSON.stringify(wire());
    expect(fingerprint(text.replace('client_msg_id', 'client_msg_ids'))).not.toBe(fingerprint(text));
  });

  it('has no two calls of one path and method', () => {
    expect(new Set(CALLS.map((c) => `${c.method} ${c.path}`)).size).toBe(CALLS.length);
  });
});
