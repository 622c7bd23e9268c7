import { createCipheriv, createDecipheriv } from 'node:crypto';
import { ParleyError } from '@parley/shared/protocol/errors';
import { digest } from '../platform/secrets.ts';
import type { Deps } from '../platform/deps.ts';
import { idempotency } from '../storage/tables.ts';
import { isKept, type IdempotentAnswer } from './idempotency.commands.ts';
import { invalidField } from './parse.ts';
import { Reply } from './route.ts';

const KEY = /^[\x21-\x7e]{1,200}$/;

/**
 * `Idempotency-Key`: a repeat by the same account within 30 days answers as the first. One that comes while the first is
 * still at work waits for it. Only what succeeded is kept: a refusal changed nothing, so a repeat may try again.
 */
export class Idempotency {
  private readonly atWork = new Map<string, { fingerprint: string; done: Promise<Reply> }>();

  constructor(private readonly deps: Deps) {}

  async once(account: string, key: string, call: string, input: unknown, work: () => Promise<Reply>): Promise<Reply> {
    if (!KEY.test(key)) throw invalidField('Idempotency-Key', 'up to 200 visible ASCII characters');
    // Under the key as well, so that a password in the request cannot be guessed from what is kept.
    const fingerprint = digest(canonical([key, call, input]));
    const id = `${account} ${key}`;
    for (let first = this.atWork.get(id); first; first = this.atWork.get(id)) {
      requireSame(first.fingerprint, fingerprint);
      const outcome = await first.done.then((reply) => reply, () => undefined);
      if (outcome && outcome.status < 300) return outcome;
    }
    const done = this.run(account, key, call, fingerprint, work);
    this.atWork.set(id, { fingerprint, done });
    try {
      return await done;
    } finally {
      this.atWork.delete(id);
    }
  }

  private async run(account: string, key: string, call: string, fingerprint: string, work: () => Promise<Reply>): Promise<Reply> {
    const name = digest(key);
    const kept = await this.deps.store.read((tx) => tx.get(idempotency, [account, name]));
    if (kept && isKept(kept.at, this.deps.clock.now())) return replay(kept, fingerprint, key);
    const reply = await work();
    if (reply.status >= 300) return reply;
    const body = seal(reply.body, key, this.deps.random.bytes(12));
    const stored = await this.deps.store.run('idempotency.keep', { account_id: account, key: name, call, fingerprint, status: reply.status, body });
    return replay(stored, fingerprint, key);
  }
}

function replay(kept: IdempotentAnswer, fingerprint: string, key: string): Reply {
  requireSame(kept.fingerprint, fingerprint);
  return new Reply(kept.status, unseal(String(kept.body), key));
}

const sealKey = (key: string): Buffer => Buffer.from(digest(`answer under ${key}`), 'base64url');

/** Answers may hold a secret, such as an invitation's token: only who has the key reads a kept one, the store does not. */
function seal(body: unknown, key: string, nonce: Uint8Array): string {
  const cipher = createCipheriv('aes-256-gcm', sealKey(key), nonce);
  // `null` stands for an absent body, which JSON cannot hold.
  const text = Buffer.concat([cipher.update(JSON.stringify(body ?? null)), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url');
}

function unseal(sealed: string, key: string): unknown {
  const bytes = Buffer.from(sealed, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', sealKey(key), bytes.subarray(0, 12)).setAuthTag(bytes.subarray(12, 28));
  const body: unknown = JSON.parse(Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString());
  return body ?? undefined;
}

function requireSame(kept: string, asked: string): void {
  if (kept !== asked) throw new ParleyError('conflict', 'this Idempotency-Key was used for another request');
}

/** JSON with sorted keys, so that the order of fields does not matter. Its depth is bounded by the schema that the value passed. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value).filter(([, v]) => v !== undefined);
  return `{${fields.sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`).join(',')}}`;
}
